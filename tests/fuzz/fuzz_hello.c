/* Hello, ping and bye from arbitrary bytes: what is read is written back to the same bytes. The
 * first byte chooses which. */
#include "node/hello.h"

static void check_same(const struct writer *w, struct span bytes)
{
    ASSERT(writer_status(w) == STATUS_OK);
    ASSERT(span_equal(writer_span(w), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    struct span bytes = span_of(data + 1, size - 1);
    uint8_t memory[HELLO_BYTES_MAX];
    struct writer w;
    writer_init_fixed(&w, memory, sizeof memory);
    struct hello hello;
    struct ping ping;
    struct bye bye;
    switch (data[0] % 3) {
    case 0:
        if (hello_read(bytes, &hello) != STATUS_OK) return 0;
        hello_write(&w, &hello);
        /* A text with a zero byte inside is not UTF-8 for us, so nothing is lost in a C string. */
        check_same(&w, bytes);
        break;
    case 1:
        if (ping_read(bytes, &ping) != STATUS_OK) return 0;
        ping_write(&w, &ping);
        check_same(&w, bytes);
        break;
    default:
        if (bye_read(bytes, &bye) != STATUS_OK) return 0;
        bye_write(&w, &bye);
        check_same(&w, bytes);
    }
    return 0;
}
