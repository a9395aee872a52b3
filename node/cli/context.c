/* node/cli/context.c -- where a command finds its node, its home and its output. */
#include "node/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static const char system_socket[] = "/run/witan/witan.sock";

/* ---- home ---- */

static void home_part(const struct cli_call *call, const char *part, const char *standard,
                      char path[PATH_BYTES_MAX])
{
    const char *home = cli_has(call, "home") ? cli_text(call, "home") : NULL;
    if (!home || path_join(path, home, part) != STATUS_OK)
        snprintf(path, PATH_BYTES_MAX, "%s", standard);
}

void cli_config_dir(const struct cli_call *call, char path[PATH_BYTES_MAX])
{
    home_part(call, "config", "/etc/witan", path);
}

void cli_data_dir(const struct cli_call *call, char path[PATH_BYTES_MAX])
{
    home_part(call, "data", "/var/lib/witan", path);
}

char *cli_json_text(const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_INDENT(2)) : NULL;
    size_t size = text ? strlen(text) : 0;
    char *line = text ? realloc(text, size + 2) : NULL;
    if (line)
        memcpy(line + size, "\n", 2);
    else
        free(text);
    return line;
}

bool cli_path_or_config(const struct cli_call *call, const char *given, const char *name,
                        char path[PATH_BYTES_MAX])
{
    char dir[PATH_BYTES_MAX];
    cli_config_dir(call, dir);
    enum status status = given ? path_join(path, "", given) : path_join(path, dir, name);
    if (status != STATUS_OK)
        cli_fail(CLI_EXIT_USAGE, NULL, NULL, "the path %.60s... is too long", given ? given : dir);
    return status == STATUS_OK;
}

/* ---- a node ---- */

/* Without --node: the home's socket, else the system's if we may open it, else loopback. */
static void standard_url(const struct cli_call *call, char url[PATH_BYTES_MAX + 8])
{
    char path[PATH_BYTES_MAX];
    home_part(call, "witan.sock", system_socket, path);
    if (strcmp(path, system_socket) != 0 || access(path, R_OK | W_OK) == 0)
        snprintf(url, PATH_BYTES_MAX + 8, "unix:%s", path);
    else
        snprintf(url, PATH_BYTES_MAX + 8, "http://127.0.0.1:7780");
}

size_t cli_urls(const struct cli_call *call, char *urls[CLI_NODES_MAX])
{
    const char *list = cli_text(call, "node");
    char standard[PATH_BYTES_MAX + 8];
    /* A flag wins over the environment: --home typed beats WITAN_NODE, or the wrong node answers.
     */
    bool home_wins = cli_has(call, "home") && cli_given(call, "home") && !cli_given(call, "node");
    if (!list || home_wins) {
        standard_url(call, standard);
        list = standard;
    }
    size_t count = 0;
    while (*list && count < CLI_NODES_MAX) {
        size_t size = strcspn(list, ",");
        if (size > 0) {
            urls[count] = strndup(list, size);
            if (!urls[count]) break;
            count++;
        }
        list += size + (list[size] == ',' ? 1 : 0);
    }
    return count;
}

void cli_urls_free(char *urls[CLI_NODES_MAX], size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(urls[i]);
}

struct rpc_client *cli_client(const struct cli_call *call, int *exit_code)
{
    char *urls[CLI_NODES_MAX];
    size_t count = cli_urls(call, urls);
    struct rpc_client *client = NULL;
    struct problem problem;
    enum status status = rpc_client_open_any(&client, (const char *const *)urls, count,
                                             (uint32_t)cli_number(call, "timeout"), &problem);
    if (status != STATUS_OK)
        *exit_code = cli_fail(status == STATUS_NO_MEMORY ? CLI_EXIT_SYSTEM : CLI_EXIT_USAGE, NULL,
                              "write unix:PATH or http://HOST:PORT", "--node: %s", problem.text);
    cli_urls_free(urls, count);
    return client;
}

json_t *cli_ask(const struct cli_call *call, const char *method, json_t *params, int *exit_code)
{
    struct rpc_client *client = cli_client(call, exit_code);
    if (!client) {
        json_decref(params);
        return NULL;
    }
    struct rpc_failure failure = { .what = FAILURE_NONE };
    json_t *result = rpc_client_call(client, method, params, &failure);
    json_decref(params);
    if (!result) *exit_code = cli_fail_rpc(&failure, method);
    if (result && cli_switch(call, "verbose"))
        fprintf(stderr, "%s answered %s, request %s\n", rpc_client_url(client), method,
                rpc_client_request_id(client));
    rpc_client_close(client);
    return result;
}

/* ---- output ---- */

FILE *cli_open(const struct cli_call *call)
{
    const char *path = cli_has(call, "output") ? cli_text(call, "output") : NULL;
    if (!path || strcmp(path, "-") == 0) return stdout;
    FILE *stream = fopen(path, "we");
    if (!stream) cli_fail(CLI_EXIT_IO, NULL, NULL, "%s: %s", path, strerror(errno));
    return stream;
}

int cli_close(const struct cli_call *call, FILE *stream, int exit_code)
{
    bool failed = ferror(stream) != 0;
    if (stream == stdout)
        failed = fflush(stream) != 0 || failed;
    else
        failed = fclose(stream) != 0 || failed;
    if (!failed || errno == EPIPE || exit_code != CLI_EXIT_DONE) return exit_code;
    const char *path = cli_has(call, "output") ? cli_text(call, "output") : NULL;
    return cli_fail(CLI_EXIT_IO, NULL, NULL, "%s: writing failed: %s", path ? path : "stdout",
                    strerror(errno));
}

int cli_write_file(const char *path, const char *text, size_t size, unsigned mode, bool replace)
{
    if (!path || strcmp(path, "-") == 0) {
        if (fwrite(text, 1, size, stdout) == size) return CLI_EXIT_DONE;
        return cli_fail(CLI_EXIT_IO, NULL, NULL, "writing to stdout failed");
    }
    struct problem problem = { .status = STATUS_OK };
    if (file_write(path, span_of(text, size), mode, replace, &problem) == STATUS_OK)
        return CLI_EXIT_DONE;
    if (problem.status == STATUS_EXISTS)
        return cli_fail(CLI_EXIT_FAILED, NULL, "choose another name, or remove it first",
                        "%s exists already", path);
    return cli_fail_problem(&problem, "writing");
}
