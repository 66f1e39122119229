#include "aws/instance.h"

#include "aws/metadata.h"
#include "aws/origin.h"
#include "base/mem.h"
#include "base/timestamp.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENDPOINT "AWS_EC2_METADATA_SERVICE_ENDPOINT"
#define MODE "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
#define ROLES "latest/meta-data/iam/security-credentials/"

enum {
    TOKEN_MAX = 1 << 12,
    ROLE_MAX = 64,
    TIMEOUT_MS = MS_PER_SECOND,
    DEADLINE_MS = 4 * MS_PER_SECOND, /* nothing else answers there, or at once */
};

/* One conversation. */
struct talk {
    const struct runtime *runtime;
    char *base; /* ends with a slash */
    struct secret token;
};

bool instance_is_allowed(void)
{
    const char *value = origin_variable("AWS_EC2_METADATA_DISABLED");
    return value == NULL || strcasecmp(value, "true") != 0;
}

static bool find_base(struct talk *talk, struct error *err)
{
    const char *endpoint = origin_variable(ENDPOINT);
    const char *mode = origin_variable(MODE);
    if (endpoint != NULL) {
        size_t size = strlen(endpoint);
        talk->base = mem_format("%s%s", endpoint, endpoint[size - 1] == '/' ? "" : "/");
        return true;
    }
    if (mode == NULL || strcasecmp(mode, "ipv4") == 0) {
        talk->base = mem_dup("http://169.254.169.254/");
        return true;
    }
    if (strcasecmp(mode, "ipv6") == 0) {
        talk->base = mem_dup("http://[fd00:ec2::254]/");
        return true;
    }
    return error_set(err, ERROR_CONFIG, MODE ": must be IPv4 or IPv6");
}

static bool ask(const struct talk *talk, const char *method, const char *path,
                struct http_response *response, struct error *err)
{
    bool is_first = strcmp(method, "PUT") == 0;
    struct metadata_request request = {
        .method = method,
        .url = mem_format("%s%s", talk->base, path),
        .header = "x-aws-ec2-metadata-token",
        .token = is_first ? NULL : &talk->token,
        .timeout_ms = TIMEOUT_MS,
        .deadline_ms = DEADLINE_MS,
    };
    if (is_first) {
        request.open[0] =
            (struct http_header){"x-aws-ec2-metadata-token-ttl-seconds", "300"};
    }
    bool ok = metadata_send(talk->runtime, &request, response, err);
    free(request.url);
    return ok;
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool get_token(struct talk *talk, struct error *err)
{
    struct http_response response = {0};
    bool ok = false;
    if (!ask(talk, "PUT", "latest/api/token", &response, err)) {
        /* The usual reason inside a container, and it shows as a time-out only. */
        error_context(err, "EC2 instance metadata does not answer; in a container the "
                           "instance's metadata hop limit must be 2 or more");
    } else if (response.status != 200) {
        error_set(err, ERROR_DENIED,
                  "EC2 instance metadata: HTTP %d to the request for a token; allow "
                  "IMDSv2 on this instance",
                  response.status);
    } else if (response.body.size == 0 || response.body.size > TOKEN_MAX ||
               strlen(buf_text(&response.body)) != response.body.size ||
               has_control(buf_text(&response.body))) {
        error_set(err, ERROR_DATA, "EC2 instance metadata: its token is not one");
    } else {
        secret_set(&talk->token, buf_text(&response.body));
        ok = true;
    }
    metadata_clear(&response);
    return ok;
}

/* The first line names the role. It becomes part of a path. */
static bool get_role(const struct talk *talk, char role[ROLE_MAX + 1], struct error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_+=,.@-";
    struct http_response response = {0};
    if (!ask(talk, "GET", ROLES, &response, err)) {
        return error_context(err, "EC2 instance metadata");
    }
    const char *text = buf_text(&response.body);
    size_t size = strspn(text, letters);
    bool is_role = size > 0 && size <= ROLE_MAX && strchr("\r\n", text[size]) != NULL;
    bool ok = false;
    if (response.status == 404 || (response.status == 200 && response.body.size == 0)) {
        error_set(err, ERROR_CONFIG,
                  "EC2 instance metadata: the instance has no role; attach an instance "
                  "profile");
    } else if (response.status != 200) {
        error_set(err, ERROR_UNREACHABLE, "EC2 instance metadata: HTTP %d",
                  response.status);
    } else if (!is_role || text[0] == '.') {
        error_set(err, ERROR_DATA, "EC2 instance metadata: the role's name is not one");
    } else {
        memcpy(role, text, size);
        role[size] = '\0';
        ok = true;
    }
    http_response_clear(&response);
    return ok;
}

static bool get_credentials(const struct talk *talk, const char *role,
                            struct credentials *credentials, struct error *err)
{
    struct http_response response = {0};
    char *path = mem_format(ROLES "%s", role);
    bool ok = ask(talk, "GET", path, &response, err);
    if (ok && response.status != 200) {
        ok = error_set(err, ERROR_UNREACHABLE, "HTTP %d", response.status);
    }
    ok = ok && metadata_read(talk->runtime, &response, credentials, err);
    if (!ok) {
        error_context(err, "EC2 instance metadata: role %s", role);
    }
    metadata_clear(&response);
    free(path);
    return ok;
}

bool instance_load(const struct runtime *runtime, struct credentials *credentials,
                   struct error *err)
{
    struct talk talk = {.runtime = runtime};
    char role[ROLE_MAX + 1];
    if (!instance_is_allowed()) {
        return error_set(err, ERROR_CONFIG,
                         "AWS_EC2_METADATA_DISABLED is true, so that the instance's role "
                         "cannot be used; unset it");
    }
    bool ok = find_base(&talk, err) && get_token(&talk, err) &&
              get_role(&talk, role, err) &&
              get_credentials(&talk, role, credentials, err);
    if (ok) {
        credentials->from = mem_format("instance (EC2 role %s)", role);
    }
    secret_clear(&talk.token);
    free(talk.base);
    return ok;
}
