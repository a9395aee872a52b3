/* bench/load.h -- a closed loop of HTTP clients on keep-alive connections (libcurl multi).
 *
 * `clients` requests are in flight at any time, spread over the nodes in turn; each is answered
 * before its client sends the next one. Bodies are prepared and used once.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "workload.h"

#include <curl/curl.h>

enum { CLIENTS_MAX = 256, SOURCES = 7, ANSWER_MAX = 256 * 1024 };

struct load_client;

/* What is loaded: servers that take the bodies as HTTP POST. */
struct load_target {
    char urls[TESTNET_NODES_MAX][TESTNET_URL];
    uint16_t count;
    struct curl_slist *headers;
    long http_version; /* CURL_HTTP_VERSION_... */
    size_t body_size;  /* of every body; 0: they are strings */
    bool (*answer_is_good)(const struct load_client *client);
    bool (*answer_is_late)(const struct load_client *client); /* to be asked again; or NULL */
};

struct load_client {
    CURL *curl;
    uint16_t node;
    bool busy;
    uint64_t sent_ns;
    uint64_t again_ns; /* not 0: the body is to be sent again then */
    char *body;
    char *answer; /* ANSWER_MAX */
    size_t answer_size;
};

struct load {
    struct load_target target;
    CURLM *multi;
    unsigned clients;
    struct load_client client[CLIENTS_MAX];

    char **bodies; /* what is to be sent; taken from the front */
    size_t bodies_count, bodies_next;
    bool paused; /* nothing new is sent */

    double *latencies_ms; /* bodies_count of them */
    size_t done, failed;
    size_t again; /* times that a body was sent again */
    char problem[200];
};

static inline size_t load_receive(char *data, size_t one, size_t size, void *context)
{
    (void)one;
    struct load_client *client = context;
    size_t room = ANSWER_MAX - 1 - client->answer_size;
    size_t taken = size < room ? size : room;
    memcpy(client->answer + client->answer_size, data, taken);
    client->answer_size += taken;
    return size;
}

/* The node says that the same request may succeed in a moment. */
static inline bool load_json_is_late(const struct load_client *client)
{
    return strstr(client->answer, "\"retry\":\"after_delay\"") != NULL;
}

/* Good if nothing in the answer is an error, and a wait ended in a block with code ok. */
static inline bool load_json_is_good(const struct load_client *client)
{
    if (strstr(client->answer, "\"error\"") || client->answer_size == 0) return false;
    if (!strstr(client->body, "\"wait\":\"committed\"")) return true;
    return strstr(client->answer, "\"status\":\"committed\"") &&
           strstr(client->answer, "\"code\":\"ok\"");
}

static inline void load_client_open(const struct load *load, struct load_client *client, unsigned i)
{
    client->node = (uint16_t)(i % load->target.count);
    client->answer = malloc(ANSWER_MAX);
    client->curl = curl_easy_init();
    if (!client->answer || !client->curl) give_up("out of memory");
    curl_easy_setopt(client->curl, CURLOPT_URL, load->target.urls[client->node]);
    /* Clients on several machines, as far as the limit of connections is concerned. */
    char source[32];
    (void)snprintf(source, sizeof source, "127.0.0.%u", 2 + i % SOURCES);
    curl_easy_setopt(client->curl, CURLOPT_INTERFACE, source);
    curl_easy_setopt(client->curl, CURLOPT_HTTP_VERSION, load->target.http_version);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, load->target.headers);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, load_receive);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(client->curl, CURLOPT_PRIVATE, client);
    /* What a test server signed for itself. */
    curl_easy_setopt(client->curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(client->curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(client->curl, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L); /* or SIGPIPE is set for each call */
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, 60000L);
}

/* Takes over the target's headers and the bodies. Each client has a connection of its own. */
static inline void load_open_target(struct load *load, const struct load_target *target,
                                    unsigned clients, char **bodies, size_t count)
{
    memset(load, 0, sizeof *load);
    load->target = *target;
    load->clients = clients;
    load->bodies = bodies;
    load->bodies_count = count;
    load->latencies_ms = calloc(count, sizeof *load->latencies_ms);
    load->multi = curl_multi_init();
    if (!load->latencies_ms || !load->multi || !target->headers) give_up("out of memory");
    curl_multi_setopt(load->multi, CURLMOPT_MAXCONNECTS, (long)CLIENTS_MAX * 2);
    curl_multi_setopt(load->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    for (unsigned i = 0; i < clients; i++)
        load_client_open(load, &load->client[i], i);
}

/* JSON-RPC to all nodes of a network. */
static inline void load_open(struct load *load, struct network *network, unsigned clients,
                             char **bodies, size_t count)
{
    struct load_target target = { .count = network->net.count,
                                  .http_version = CURL_HTTP_VERSION_1_1,
                                  .answer_is_good = load_json_is_good,
                                  .answer_is_late = load_json_is_late };
    target.headers = curl_slist_append(NULL, "Content-Type: application/json");
    for (uint16_t i = 0; i < target.count; i++)
        testnet_url(&network->net, i, target.urls[i]);
    load_open_target(load, &target, clients, bodies, count);
}

static inline void load_close(struct load *load)
{
    for (unsigned i = 0; i < load->clients; i++) {
        struct load_client *client = &load->client[i];
        if (client->busy) curl_multi_remove_handle(load->multi, client->curl);
        curl_easy_cleanup(client->curl);
        free(client->answer);
    }
    curl_multi_cleanup(load->multi);
    curl_slist_free_all(load->target.headers);
    for (size_t i = 0; i < load->bodies_count; i++)
        free(load->bodies[i]);
    free((void *)load->bodies);
    free(load->latencies_ms);
}

/* Sends the client's body, the first time or again. */
static inline void load_post(struct load *load, struct load_client *client)
{
    size_t size = load->target.body_size ? load->target.body_size : strlen(client->body);
    client->answer_size = 0;
    client->again_ns = 0;
    client->busy = true;
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, client->body);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE, (long)size);
    if (curl_multi_add_handle(load->multi, client->curl) != CURLM_OK) give_up("libcurl failed");
}

static inline void load_send(struct load *load, struct load_client *client)
{
    if (client->again_ns != 0) {
        if (now_ns() >= client->again_ns) load_post(load, client);
        return;
    }
    if (load->paused || load->bodies_next == load->bodies_count) return;
    client->body = load->bodies[load->bodies_next++];
    client->sent_ns = now_ns();
    load_post(load, client);
}

/* Latency counts from the first time that a body was sent. */
static inline void load_answered(struct load *load, struct load_client *client, CURLcode code)
{
    enum { AGAIN_NS = 10000000 };
    client->busy = false;
    client->answer[client->answer_size] = 0;
    curl_multi_remove_handle(load->multi, client->curl);
    if (code == CURLE_OK && load->target.answer_is_late && load->target.answer_is_late(client)) {
        client->again_ns = now_ns() + AGAIN_NS;
        load->again++;
        return;
    }
    load->latencies_ms[load->done++] = (double)(now_ns() - client->sent_ns) / 1e6;
    if (code == CURLE_OK && load->target.answer_is_good(client)) return;
    const char *error = code == CURLE_OK ? strstr(client->answer, "\"error\"") : NULL;
    if (load->failed++ == 0)
        (void)snprintf(load->problem, sizeof load->problem, "%s",
                       code != CURLE_OK ? curl_easy_strerror(code)
                       : error          ? error
                                        : client->answer);
}

static inline bool load_idle(const struct load *load)
{
    for (unsigned i = 0; i < load->clients; i++)
        if (load->client[i].busy || load->client[i].again_ns != 0) return false;
    return true;
}

/* Sends what may be sent and takes in what has come, for at most wait_ms. */
static inline void load_turn(struct load *load, int wait_ms)
{
    for (unsigned i = 0; i < load->clients; i++)
        if (!load->client[i].busy) load_send(load, &load->client[i]);
    int running;
    curl_multi_perform(load->multi, &running);
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(load->multi, &left));) {
        struct load_client *client;
        if (message->msg != CURLMSG_DONE) continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&client);
        load_answered(load, client, code);
        load_send(load, client);
    }
    curl_multi_perform(load->multi, &running);
    curl_multi_poll(load->multi, NULL, 0, wait_ms, NULL);
}

static inline int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The latency below which this part of the answers lies. */
static inline double load_percentile(struct load *load, double part)
{
    if (load->done == 0) return 0;
    qsort(load->latencies_ms, load->done, sizeof *load->latencies_ms, compare_doubles);
    size_t place = (size_t)(part * (double)load->done);
    return load->latencies_ms[place < load->done ? place : load->done - 1];
}

#endif
