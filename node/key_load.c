#include "node/key_load.h"

#include "node/files.h"

/* The document, with its secret if that is plain. */
static enum status read_document(const char *path, struct key_file *file, struct problem *problem)
{
    struct buffer text;
    memset(file, 0, sizeof *file);
    buffer_init(&text, KEY_FILE_BYTES_MAX);
    enum status status = file_read_secret(path, &text, problem);
    if (status == STATUS_OK) status = key_file_parse(buffer_span(&text), file, problem);
    buffer_wipe(&text);
    buffer_free(&text);
    return status;
}

static enum status unseal(const char *path, key_ask *ask, const void *context,
                          struct key_file *file, struct problem *problem)
{
    if (!ask) return problem_set(problem, STATUS_INVALID, "%s is encrypted", path);
    struct buffer passphrase;
    buffer_init(&passphrase, PASSPHRASE_BYTES_MAX);
    enum status status = ask(context, path, &passphrase, problem);
    if (status == STATUS_OK) status = key_file_open(file, buffer_span(&passphrase), problem);
    buffer_wipe(&passphrase);
    buffer_free(&passphrase);
    return status;
}

enum status key_load(const char *path, enum key_kind kind, key_ask *ask, const void *context,
                     struct key_file *file, struct problem *problem)
{
    enum status status = read_document(path, file, problem);
    if (status == STATUS_OK) status = key_check_kind(path, file, kind, problem);
    if (status == STATUS_OK && !file->plain) status = unseal(path, ask, context, file, problem);
    if (status != STATUS_OK) key_wipe(&file->secret);
    return status;
}

enum status key_load_public(const char *path, struct key_file *file, struct problem *problem)
{
    enum status status = read_document(path, file, problem);
    key_wipe(&file->secret);
    return status;
}

enum status key_check_kind(const char *path, const struct key_file *file, enum key_kind kind,
                           struct problem *problem)
{
    if (file->kind == kind) return STATUS_OK;
    const char *held = key_kind_name(file->kind);
    if (kind == KEY_ACCOUNT)
        return problem_set(problem, STATUS_INVALID, "%s holds a %s key: it signs no transactions",
                           path, held);
    return problem_set(problem, STATUS_INVALID, "%s holds a %s key, not a %s key", path, held,
                       key_kind_name(kind));
}

void passphrase_trim(struct buffer *passphrase)
{
    while (passphrase->size > 0 && (passphrase->data[passphrase->size - 1] == '\n' ||
                                    passphrase->data[passphrase->size - 1] == '\r'))
        passphrase->size--;
}
