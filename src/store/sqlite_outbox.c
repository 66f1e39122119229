/* The outbox: the batch that a source may have to send again, byte for byte. */
#include "store/sqlite.h"

#include <sqlite3.h>

bool sqlite_outbox_put(struct store *store, const struct claim *claim, struct bytes batch,
                       struct error *err)
{
    int64_t row = 0;
    if (!sqlite_begin(store, true, err)) {
        return false;
    }
    bool ok = sqlite_lease_check(store, claim, &row, err) &&
              sqlite_finish(store,
                            sqlite_prepare(store, err,
                                           "INSERT OR REPLACE INTO outbox"
                                           " VALUES (?, '', '', ?, x'')",
                                           "ib", row, batch),
                            err);
    return sqlite_end(store, ok, err);
}

bool sqlite_outbox_get(struct store *store, const struct claim *claim, struct buf *batch,
                       struct error *err)
{
    bool has_row = false;
    sqlite3_stmt *statement = sqlite_prepare(store, err,
                                             "SELECT body FROM outbox WHERE source ="
                                             " (SELECT id FROM source WHERE name = ?)",
                                             "t", claim->source);
    bool ok = statement != NULL && sqlite_step(store, statement, &has_row, err);
    if (has_row) {
        buf_add(batch, sqlite3_column_blob(statement, 0),
                (size_t)sqlite3_column_bytes(statement, 0));
    }
    sqlite3_finalize(statement);
    return ok;
}

bool sqlite_outbox_clear(struct store *store, int64_t row, struct error *err)
{
    return sqlite_finish(
        store,
        sqlite_prepare(store, err, "DELETE FROM outbox WHERE source = ?", "i", row), err);
}
