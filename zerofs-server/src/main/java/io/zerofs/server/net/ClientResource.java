// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

/** Resources that the daemon keeps for clients. {@link Shares} divides each among them. */
public enum ClientResource {
    CONNECTIONS(true),
    /** Threads that wait for the store. */
    THREADS(true),
    /** Bytes of requests and replies in flight. */
    REQUEST_BYTES(true),
    FIDS(false),
    LOCKS(false),
    /** Bytes of extended attributes that clients are reading or writing. */
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
