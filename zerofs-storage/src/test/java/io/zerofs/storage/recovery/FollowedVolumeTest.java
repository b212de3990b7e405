// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeContract;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;

/** The contract of every volume, with each read through one follower, which also survives crashes of the writer. */
class FollowedVolumeTest extends VolumeContract {
    private record Opened(LifecycleFixture fixture, Process process, Following following) {}

    private final Map<Volume, Opened> opened = new IdentityHashMap<>();
    private final Deque<AutoCloseable> closing = new ArrayDeque<>();

    @AfterEach
    void closeAll() throws Exception {
        for (Volume each : opened.keySet()) {
            each.close();
        }
        while (!closing.isEmpty()) {
            closing.pop().close();
        }
    }

    @Override
    protected Volume openEmpty() throws Exception {
        LifecycleFixture its = new LifecycleFixture();
        closing.push(its);
        Process process = its.process().open();
        Following following = new Following(its.bucket, its.newDirectory(), Volume::close);
        closing.push(following);
        return open(new Opened(its, process, following));
    }

    @Override
    protected Volume crashAndReopen(Volume volume) throws Exception {
        Opened crashed = opened.get(volume);
        crashed.process().kill();
        return open(new Opened(crashed.fixture(), crashed.fixture().process().open(), crashed.following()));
    }

    @Override
    protected Volume reopen(Volume closed) throws Exception {
        Opened before = opened.get(closed);
        return open(new Opened(
                before.fixture(),
                before.fixture().process(before.process().cacheDirectory).open(),
                before.following()));
    }

    private Volume open(Opened next) {
        Volume volume = new ReadingVolume(next.process().volume, () -> newest(next), 1000);
        opened.put(volume, next);
        return volume;
    }

    private static Volume newest(Opened its) throws VolumeException {
        long wanted = its.process().volume.lastApplied().seq();
        while (its.following().follower.statistics().lastSeq() < wanted) {
            its.following().look();
        }
        return its.following().follower.first();
    }
}
