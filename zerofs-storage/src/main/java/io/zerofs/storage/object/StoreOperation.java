// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

/** The kinds of requests, for metrics and injected faults. */
public enum StoreOperation {
    PUT,
    GET,
    GET_RANGE,
    LIST,
    DELETE
}
