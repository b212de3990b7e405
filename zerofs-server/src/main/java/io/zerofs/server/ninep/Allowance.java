// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.server.net.Client;
import io.zerofs.server.net.Shares;
import io.zerofs.server.ninep.wire.Errno;

/**
 * One client's share of one resource.
 *
 * @param refusal the answer to a request beyond the share
 */
record Allowance(Shares shares, Client client, Errno refusal) {
    /** Takes an amount of the resource for the client, or throws the refusal. */
    void take(long amount) {
        if (!shares.tryTake(client, amount)) {
            throw new ErrnoException(refusal);
        }
    }

    void give(long amount) {
        shares.give(client, amount);
    }
}
