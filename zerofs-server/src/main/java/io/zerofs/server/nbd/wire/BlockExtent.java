// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

/**
 * One descriptor of a block status in the context {@code base:allocation}.
 *
 * @param length bytes, 1 to 2³² - 1
 * @param hole whether the range is a hole, without stored data; a hole always reads as zeros
 */
public record BlockExtent(long length, boolean hole) {
    static final int STATE_HOLE = 1;
    static final int STATE_ZERO = 2;

    int state() {
        return hole ? STATE_HOLE | STATE_ZERO : 0;
    }
}
