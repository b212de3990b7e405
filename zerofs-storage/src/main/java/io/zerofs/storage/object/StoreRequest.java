// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

/**
 * A request to the store that ended, for a trace.
 *
 * @param name name of the object, or prefix of a list, or number of names to delete
 * @param bytes bytes sent or received; 0 if it failed
 * @param nanos time that it took
 * @param outcome {@code ok}, or the reason of its failure
 */
public record StoreRequest(StoreOperation operation, String name, long bytes, long nanos, String outcome) {}
