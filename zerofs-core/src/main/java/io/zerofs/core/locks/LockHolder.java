// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

import java.util.Arrays;
import java.util.Objects;

/**
 * A process with locks. Locks of one holder never conflict with each other.
 *
 * @param client the client of the process: names of machines are not unique, connections are
 * @param process process id
 * @param machine name of the machine as the client reports it, not unique
 */
public record LockHolder(LockClient client, int process, byte[] machine) {
    @Override
    public boolean equals(Object other) {
        return other instanceof LockHolder holder
                && client == holder.client
                && process == holder.process
                && Arrays.equals(machine, holder.machine);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Objects.hashCode(client) + process) + Arrays.hashCode(machine);
    }
}
