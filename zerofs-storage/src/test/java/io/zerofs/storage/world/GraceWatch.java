// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import io.zerofs.core.world.World;
import io.zerofs.storage.commit.CommitId;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;

/**
 * Fails the world if a daemon deletes a commit that is younger than the grace period. A commit dies after its PUT, so a younger
 * one was not announced for the whole period.
 *
 * @param born the time of the first PUT of each commit, shared by the daemons of a world
 */
record GraceWatch(World world, Map<String, Long> born, Duration grace) {
    void put(String name) {
        if (name.startsWith(CommitId.PREFIX)) {
            born.putIfAbsent(name, world.now());
        }
    }

    void delete(Collection<String> names) {
        for (String name : names) {
            long age = world.now() - born.getOrDefault(name, 0L);
            if (age < grace.toNanos()) {
                world.fail(new AssertionError(name + " is deleted after " + age + " ns"));
            }
        }
    }
}
