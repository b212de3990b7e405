// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.object.ObjectStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/** A follower on a machine of its own, with a clock of the test. It looks at the log when the test asks for it. */
public final class Following implements AutoCloseable {
    final HookedStore hooks;
    public final VolumeFollower follower;
    final AtomicLong now = new AtomicLong(1_000_000);
    /** The state that it shows. */
    Volume shown;

    private final EngineThreads threads = new EngineThreads(16);
    private final VolumeReader reader;

    Following(ObjectStore store, Path cacheDirectory) throws Exception {
        this(store, cacheDirectory, null);
    }

    /** @param viewer gets the states that follow {@link VolumeFollower#first}; null to keep them here */
    public Following(ObjectStore store, Path cacheDirectory, VolumeFollower.Viewer viewer) throws Exception {
        hooks = new HookedStore(new ReadableStore(store));
        EngineRuntime real = threads.runtime();
        EngineRuntime runtime = new EngineRuntime(
                real.sealing(), real.requests(), real.uploads(), real.timer(), now::get, real.random());
        reader = VolumeReader.open(
                hooks,
                LifecycleFixture.PASSWORD,
                new VolumeReader.Environment(runtime, LifecycleFixture.SETTINGS, cacheDirectory),
                OpenProgress.SILENT);
        follower = VolumeFollower.open(reader);
        shown = viewer == null ? follower.first() : null;
        follower.showTo(viewer == null ? this::show : viewer);
    }

    private void show(Volume next) throws VolumeException {
        shown.close();
        shown = next;
    }

    /** Looks at the log, and lets the time pass until the next look. Returns that time. */
    public long look() {
        long delay = follower.look();
        now.addAndGet(delay);
        return delay;
    }

    /** Looks at once, as for a reader whose data is gone. */
    public void hurry() {
        follower.hurry();
        look();
    }

    /** Looks until the follower is as idle as it gets. */
    Following untilIdle() {
        while (look() < FollowSchedule.IDLE_NANOS) {}
        return this;
    }

    String seen(int number) throws VolumeException {
        byte[] value = shown.get(LifecycleFixture.Process.key(number));
        return value == null ? null : new String(value, StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws Exception {
        if (shown != null) {
            shown.close();
        }
        follower.close();
        reader.close();
        threads.close();
    }
}
