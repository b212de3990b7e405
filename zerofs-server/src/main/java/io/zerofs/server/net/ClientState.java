// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.List;
import java.util.Map;

/**
 * A client and the resources that the daemon keeps for it, at one moment.
 *
 * @param protocol name of the protocol's server
 * @param address address or network of the client; a connection from this machine has its own port or user
 * @param used amounts of the resources
 * @param devices names of the block devices that it is connected to
 */
public record ClientState(String protocol, String address, Map<ClientResource, Long> used, List<String> devices) {}
