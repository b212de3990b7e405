// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

/** The kinds of request, for counting and for faults. */
public enum StoreOperation {
    PUT,
    GET,
    GET_RANGE,
    LIST,
    DELETE
}
