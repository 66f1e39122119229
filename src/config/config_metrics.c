#include "config/config_part.h"
#include "config/settings.h"
#include "net/address.h"

#define NAME_BYTES "A-Za-z0-9._-"

enum { SOURCES_MAX = 10000 };

const struct setting config_metrics_keys[] = {
    {.name = "listen",
     .type = SETTING_TEXT,
     .fallback = "127.0.0.1:9464",
     .help = "where a long run serves /metrics, /healthz and /readyz"},
    {.name = "textfile",
     .type = SETTING_PATH,
     .help = "a file of node_exporter's textfile collector that a run writes as it ends"},
    {.name = "pushgateway",
     .type = SETTING_URL,
     .help = "the Prometheus Pushgateway that a run pushes to as it ends"},
    {.name = "pushgateway_username",
     .type = SETTING_TEXT,
     .help = "for basic authentication at the Pushgateway"},
    {.name = "pushgateway_password",
     .type = SETTING_SECRET,
     .help = "for basic authentication at the Pushgateway"},
    {.name = "pushgateway_ca_file",
     .type = SETTING_PATH,
     .help = "a PEM file of the authorities that the Pushgateway is trusted by"},
    {.name = "job",
     .type = SETTING_TEXT,
     .fallback = "auditbridge",
     .pattern = NAME_BYTES,
     .help = "the job of the group that is pushed"},
    {.name = "instance",
     .type = SETTING_TEXT,
     .fallback = "default",
     .pattern = NAME_BYTES,
     .help = "the instance of the group that is pushed: one for each configuration"},
    {.name = "max_sources",
     .type = SETTING_INTEGER,
     .fallback = "100",
     .min = 1,
     .max = SOURCES_MAX,
     .help = "how many sources, those with the most lag, have series of their own"},
    {.type = SETTING_END},
};

static void check(const struct config_loader *loader, const json_t *written,
                  const json_t *typed)
{
    struct sockaddr_storage address;
    const char *listen = json_string_value(json_object_get(typed, "listen"));
    if (listen != NULL && !address_parse(listen, &address)) {
        yaml_problem(loader->yaml, json_object_get(written, "listen"), loader->problems,
                     "metrics: \"listen\" must be an address and a port, such as "
                     "127.0.0.1:9464, 0.0.0.0:9464 or \"[::]:9464\"");
    }
    static const char *const needy[] = {"pushgateway_username", "pushgateway_password",
                                        "pushgateway_ca_file"};
    for (size_t i = 0; i < sizeof(needy) / sizeof(needy[0]); i++) {
        const json_t *value = json_object_get(written, needy[i]);
        if (value != NULL && json_object_get(written, "pushgateway") == NULL) {
            yaml_problem(loader->yaml, value, loader->problems,
                         "metrics: \"%s\" goes with \"pushgateway\"", needy[i]);
        }
    }
    const json_t *password = json_object_get(written, "pushgateway_password");
    if (password != NULL && json_object_get(written, "pushgateway_username") == NULL) {
        yaml_problem(loader->yaml, password, loader->problems,
                     "metrics: \"pushgateway_password\" goes with "
                     "\"pushgateway_username\"");
    }
}

void config_metrics_read(const struct config_loader *loader)
{
    const json_t *written = json_object_get(loader->yaml->root, "metrics");
    const struct settings_reader reader = {loader->yaml, "metrics", loader->problems};
    if (written == NULL || json_is_null(written)) {
        return;
    }
    loader->config->metrics = settings_read(&reader, written, config_metrics_keys, NULL);
    if (json_is_object(written)) {
        check(loader, written, loader->config->metrics);
    }
}
