/* node/cli/names.c -- accounts, keys and assets as people type them. */
#include "node/cli/read.h"

#include "genesis/json.h"
#include "genesis/keyfile.h"
#include <stdlib.h>

/* ---- keys and accounts ---- */

static bool try_key(const char *dir, const char *name, char path[PATH_BYTES_MAX])
{
    char file[256];
    if (snprintf(file, sizeof file, "%s.json", name) >= (int)sizeof file) return false;
    return path_join(path, dir, file) == STATUS_OK && file_exists(path);
}

/* The file NAME.json among those of --key, wherever it lies. */
static bool try_given(const struct cli_call *call, const char *name, char path[PATH_BYTES_MAX])
{
    size_t size = strlen(name);
    size_t count = cli_has(call, "key") ? cli_count(call, "key") : 0;
    for (size_t i = 0; i < count; i++) {
        const char *file = cli_item(call, "key", i);
        const char *slash = strrchr(file, '/');
        const char *base = slash ? slash + 1 : file;
        if (strncmp(base, name, size) == 0 && strcmp(base + size, ".json") == 0)
            return path_join(path, "", file) == STATUS_OK && file_exists(path);
    }
    return false;
}

enum status cli_key_path(const struct cli_call *call, const char *name, char path[PATH_BYTES_MAX],
                         struct problem *problem)
{
    char dir[PATH_BYTES_MAX];
    char quoted[QUOTE_TEXT];
    if (path_join(path, "", name) == STATUS_OK && file_exists(path)) return STATUS_OK;
    if (strchr(name, '/') || strstr(name, ".json"))
        return problem_set(problem, STATUS_NOT_FOUND, "no key file %s", text_quote(name, quoted));
    if (try_given(call, name, path)) return STATUS_OK;
    cli_config_dir(call, dir);
    if (try_key(".", name, path) || try_key(dir, name, path)) return STATUS_OK;
    const char *home = cli_has(call, "home") ? cli_text(call, "home") : NULL;
    if (home && path_join(dir, home, "keys") == STATUS_OK && try_key(dir, name, path))
        return STATUS_OK;
    const char *user = getenv("HOME");
    if (user && path_join(dir, user, ".config/witan/keys") == STATUS_OK && try_key(dir, name, path))
        return STATUS_OK;
    return problem_set(problem, STATUS_NOT_FOUND,
                       "no key \"%s\": %s.json is neither here, nor in the home's config or keys, "
                       "nor in ~/.config/witan/keys",
                       text_quote(name, quoted), quoted);
}

enum status cli_account(const struct cli_call *call, const char *text, struct id *id,
                        struct problem *problem)
{
    char path[PATH_BYTES_MAX];
    char quoted[QUOTE_TEXT];
    if (strncmp(text, "acc1", 4) == 0) {
        if (address_decode(ADDRESS_ACCOUNT, text, id) == STATUS_OK) return STATUS_OK;
        return problem_set(problem, STATUS_INVALID,
                           "%s is not an account id: a character is wrong or missing",
                           text_quote(text, quoted));
    }
    enum status status = cli_key_path(call, text, path, problem);
    if (status != STATUS_OK) return status;
    json_t *document = json_read_file(path, KEY_FILE_BYTES_MAX, problem);
    if (!document) return problem->status;
    const char *kind = json_string_value(json_object_get(document, "kind"));
    const char *own = json_string_value(json_object_get(document, "id"));
    bool read = kind && own && strcmp(kind, "account") == 0 &&
                address_decode(ADDRESS_ACCOUNT, own, id) == STATUS_OK;
    json_decref(document);
    if (read) return STATUS_OK;
    return problem_set(problem, STATUS_INVALID, "%s does not name an account", path);
}

/* ---- assets ---- */

enum { ASSET_PAGES_MAX = 40 }; /* 20,000 assets; beyond that one types CODE:ISSUER */

static bool read_asset(const json_t *object, struct cli_asset *asset)
{
    const char *id = json_string_value(json_object_get(object, "asset"));
    const char *code = json_string_value(json_object_get(object, "code"));
    json_int_t scale = json_integer_value(json_object_get(object, "scale"));
    bool read = id && code && scale >= 0 && scale <= 12 &&
                address_decode(ADDRESS_ASSET, id, &asset->id) == STATUS_OK;
    if (!read) return false;
    snprintf(asset->text, sizeof asset->text, "%s", id);
    snprintf(asset->code, sizeof asset->code, "%s", code);
    asset->scale = (unsigned)scale;
    return true;
}

static void failure_set(struct rpc_failure *failure, const char *text)
{
    failure->what = FAILURE_ANSWER;
    snprintf(failure->text, sizeof failure->text, "%s", text);
}

/* By id, or by code and issuer; params is taken over. */
static bool asset_get(struct rpc_client *client, json_t *params, struct cli_asset *asset,
                      struct rpc_failure *failure)
{
    json_t *result = params ? rpc_client_call(client, "asset_get", params, failure) : NULL;
    json_decref(params);
    if (!result) return false;
    bool read = read_asset(result, asset);
    if (!read) failure_set(failure, "the answer is not an asset");
    json_decref(result);
    return read;
}

/* Counts the assets of a page that have this code; the last one is in *asset. */
static size_t count_code(const json_t *page, const char *code, struct cli_asset *asset)
{
    size_t count = 0;
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(page, "items"), index, item)
    {
        struct cli_asset found;
        if (!read_asset(item, &found) || strcmp(found.code, code) != 0) continue;
        *asset = found;
        count++;
    }
    return count;
}

/* The only asset of this code. Returns how many there are, SIZE_MAX after a failure. */
static size_t asset_search(struct rpc_client *client, const char *code, struct cli_asset *asset,
                           struct rpc_failure *failure)
{
    size_t count = 0;
    char cursor[257] = "";
    for (unsigned page = 0; page < ASSET_PAGES_MAX; page++) {
        json_t *params = cursor[0] ? json_pack("{s:i, s:s}", "limit", 500, "cursor", cursor)
                                   : json_pack("{s:i}", "limit", 500);
        json_t *result = params ? rpc_client_call(client, "asset_list", params, failure) : NULL;
        json_decref(params);
        if (!result) return SIZE_MAX;
        count += count_code(result, code, asset);
        const char *next = json_string_value(json_object_get(result, "next_cursor"));
        snprintf(cursor, sizeof cursor, "%s", next ? next : "");
        json_decref(result);
        if (!cursor[0]) break;
    }
    return count;
}

bool cli_asset(struct rpc_client *client, const char *text, struct cli_asset *asset, int *exit_code)
{
    struct rpc_failure failure = { .what = FAILURE_NONE };
    char quoted[QUOTE_TEXT];
    char what[QUOTE_TEXT + 16];
    snprintf(what, sizeof what, "asset %s", text_quote(text, quoted));
    const char *colon = strchr(text, ':');
    bool is_id = strncmp(text, "ast1", 4) == 0;
    if (is_id || colon) {
        json_t *params = is_id ? json_pack("{s:s}", "asset", text)
                               : json_pack("{s:s%, s:s}", "code", text, (size_t)(colon - text),
                                           "issuer", colon + 1);
        if (asset_get(client, params, asset, &failure)) return true;
        *exit_code = cli_fail_rpc(&failure, what);
        return false;
    }
    size_t count = asset_search(client, text, asset, &failure);
    if (count == 1) return true;
    if (count == SIZE_MAX)
        *exit_code = cli_fail_rpc(&failure, what);
    else if (count == 0)
        *exit_code =
            cli_fail(CLI_EXIT_NOT_FOUND, "asset_unknown", "witan asset list shows them all",
                     "no asset has the code %s", quoted);
    else
        *exit_code = cli_fail(CLI_EXIT_USAGE, NULL, "write CODE:ISSUER, or its id ast1...",
                              "%zu assets have the code %s", count, quoted);
    return false;
}

bool cli_scales_of(void *context, const char *asset, unsigned *scale)
{
    struct cli_scales *scales = context;
    for (size_t i = 0; i < scales->count; i++) {
        if (strcmp(scales->known[i].text, asset) != 0) continue;
        *scale = scales->known[i].scale;
        return true;
    }
    struct cli_asset found;
    struct rpc_failure failure = { .what = FAILURE_NONE };
    bool known = asset_get(scales->client, json_pack("{s:s}", "asset", asset), &found, &failure);
    rpc_failure_clear(&failure);
    if (!known) return false;
    if (scales->count < sizeof scales->known / sizeof scales->known[0])
        scales->known[scales->count++] = found;
    *scale = found.scale;
    return true;
}
