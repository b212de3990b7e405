// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

/** Resources that clients make the daemon keep. {@link Shares} divides each among them. */
public enum ClientResource {
    CONNECTIONS(true),
    /** Threads that wait for the store. */
    THREADS(true),
    /** Requests and replies in flight. */
    REQUEST_BYTES(true),
    FIDS(false),
    LOCKS(false),
    /** Extended attributes that are being read or written. */
    XATTRS(false);

    private final boolean ofAllProtocols;

    ClientResource(boolean ofAllProtocols) {
        this.ofAllProtocols = ofAllProtocols;
    }

    /** Returns whether protocols compete for it, so that each of them has a share too. */
    boolean isOfAllProtocols() {
        return ofAllProtocols;
    }
}
