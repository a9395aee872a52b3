#include "node/cli_proof.h"

#include <stdio.h>
#include <stdlib.h>

/* The last dot of the file's name, or its end; a name that only begins with a dot has no suffix. */
static const char *suffix_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? dot : name + strlen(name);
}

enum file_form file_form_of(const char *path)
{
    static const char *const armour[] = { ".txt", ".asc", ".pem" };
    const char *suffix = suffix_of(path);
    if (strcmp(suffix, ".json") == 0) return FORM_TWIN;
    for (size_t i = 0; i < sizeof armour / sizeof armour[0]; i++)
        if (strcmp(suffix, armour[i]) == 0) return FORM_ARMOR;
    return FORM_BINARY;
}

static enum status write_twin(const struct proof *proof, struct writer *w, struct problem *problem)
{
    json_t *twin = proof_json(proof);
    if (!twin)
        return problem_set(problem, STATUS_UNSUPPORTED,
                           "this proof has a number that JSON cannot carry: write it as .witan");
    char *text = json_dumps(twin, JSON_INDENT(2));
    json_decref(twin);
    if (!text) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    write_bytes(w, span_text(text));
    write_u8(w, '\n');
    free(text);
    return STATUS_OK;
}

enum status file_form_write(enum file_form form, struct span bytes, struct writer *w,
                            struct problem *problem)
{
    struct proof_refusal refusal;
    struct proof *proof = malloc(sizeof *proof);
    enum status status = STATUS_OK;
    if (!proof) return problem_set(problem, STATUS_NO_MEMORY, "out of memory");
    if (proof_decode(bytes, proof, &refusal) != STATUS_OK)
        status =
            problem_set(problem, STATUS_MALFORMED, "byte %zu: %s", refusal.offset, refusal.text);
    else if (form == FORM_TWIN)
        status = write_twin(proof, w, problem);
    else if (form == FORM_ARMOR)
        proof_armor_write(w, bytes);
    else
        write_bytes(w, bytes);
    free(proof);
    if (status == STATUS_OK && writer_status(w) != STATUS_OK)
        status = problem_set(problem, writer_status(w), "%s", status_text(writer_status(w)));
    return status;
}

enum status proof_path_beside(const char *path, char beside[PATH_BYTES_MAX],
                              struct problem *problem)
{
    size_t stem = (size_t)(suffix_of(path) - path);
    int size =
        snprintf(beside, PATH_BYTES_MAX, "%.*s.witan", (int)min_u64(stem, PATH_BYTES_MAX), path);
    if (size < 0 || size >= PATH_BYTES_MAX)
        return problem_set(problem, STATUS_TOO_LARGE, "%s: the path is too long", path);
    if (strcmp(path, beside) != 0) return STATUS_OK;
    return problem_set(problem, STATUS_INVALID, "%s is the name of a proof", path);
}
