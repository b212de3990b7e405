// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.server.net.TlsServer;

/**
 * The encryption of NBD.
 *
 * @param server certificate and key
 * @param required whether the server refuses clients over TCP without encryption (FORCEDTLS in the protocol)
 */
public record NbdTls(TlsServer server, boolean required) {}
