// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.server.net.TlsServer;

/**
 * How NBD is encrypted.
 *
 * @param server certificate and key
 * @param required whether clients over TCP that do not encrypt are refused (FORCEDTLS in the protocol)
 */
public record NbdTls(TlsServer server, boolean required) {}
