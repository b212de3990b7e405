// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

/** A time: {@code u64 seconds, u64 nanos}. In a request both are unchecked, as the client sent them. */
public record WireTime(long seconds, long nanos) {
    public static final WireTime ZERO = new WireTime(0, 0);
}
