/* Any bytes are a document as aws/xml.h shows it, or ERROR_DATA and nothing. */
#include "aws/fault.h"
#include "aws/xml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    json_t *value = NULL;
    bool ok = xml_read((struct bytes){data, size}, &value, &err);
    check(ok == (value != NULL));
    check(ok || err.kind == ERROR_DATA);
    check(!ok || (json_is_object(value) || json_is_array(value)));
    const char *code = xml_text(value, "Code");
    check(code == NULL || ok);
    json_decref(value);

    struct http_response response = {.status = 403};
    buf_init(&response.body, SIZE_MAX / 2);
    buf_add(&response.body, data, size);
    struct fault fault = fault_read(&response);
    check(strlen(fault.code) < FAULT_CODE_SIZE);
    http_response_clear(&response);
    return 0;
}
