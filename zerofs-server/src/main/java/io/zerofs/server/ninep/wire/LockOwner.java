// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import java.util.Arrays;

/**
 * The owner of a lock, as the client states it.
 *
 * @param process process id
 * @param client name of the machine, not unique
 */
public record LockOwner(int process, byte[] client) {
    @Override
    public boolean equals(Object other) {
        return other instanceof LockOwner owner && process == owner.process && Arrays.equals(client, owner.client);
    }

    @Override
    public int hashCode() {
        return 31 * process + Arrays.hashCode(client);
    }
}
