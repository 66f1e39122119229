/*
 * Reads Cloud Audit Logs of projects, folders, organisations, billing accounts and log
 * views by Cloud Logging's entries.list.
 *
 * settings  those of gcp/adc.h, and settings_table in audit.c
 * place     that of gcp/entries.h
 */
#ifndef GCP_AUDIT_H
#define GCP_AUDIT_H

#include "provider.h"

extern const struct provider provider_gcp_audit;

#endif
