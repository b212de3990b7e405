// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.world.World;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.VolumeReader;
import io.zerofs.storage.snapshot.SnapshotException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Creates and deletes snapshots of a world's volume while its clients work. A snapshot has the operations that had ended
 * before its creation began, perhaps some that began before its creation ended, and no others.
 */
final class SnapshotModel {
    private final SplittableRandom random;
    private final List<ClientModel> clients;
    private final Map<String, State> states = new TreeMap<>();
    private int created;

    /** A snapshot that may exist. */
    private static final class State {
        private final List<Integer> least;
        /** Null until the creation has ended. */
        private List<ClientModel.Moment> moments;

        private boolean exists;
        private boolean mayBeGone;

        State(List<Integer> least) {
            this.least = least;
        }
    }

    SnapshotModel(SplittableRandom random, List<ClientModel> clients) {
        this.random = random;
        this.clients = clients;
    }

    /** Creates and deletes some snapshots, one after the other, with pauses. */
    void work(SimulatedDaemon daemon) {
        World world = daemon.process.world();
        try {
            for (int steps = random.nextInt(5); steps > 0; steps--) {
                Machine.current().sleep(random.nextLong(TimeUnit.SECONDS.toNanos(20)));
                List<String> names = new ArrayList<>(states.keySet());
                String victim =
                        names.isEmpty() || random.nextInt(3) > 0 ? null : names.get(random.nextInt(names.size()));
                if (!world.happens("snapshot")) {
                    continue;
                }
                world.note(victim == null ? "create snapshot s" + created : "delete snapshot " + victim);
                if (victim == null) {
                    create(daemon, "s" + created++);
                } else {
                    delete(daemon, victim);
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void create(SimulatedDaemon daemon, String name) {
        State state = new State(clients.stream().map(ClientModel::ended).toList());
        states.put(name, state);
        try {
            daemon.snapshots().create(name);
            state.exists = true;
        } catch (SnapshotException e) {
            requireFault(daemon, e);
        }
        end(state);
    }

    private void end(State state) {
        if (state.moments == null) {
            state.moments = new ArrayList<>();
            for (int i = 0; i < clients.size(); i++) {
                state.moments.add(clients.get(i).moment(state.least.get(i)));
            }
        }
    }

    private void delete(SimulatedDaemon daemon, String name) {
        State state = states.get(name);
        boolean mustExist = state.exists && !state.mayBeGone;
        state.mayBeGone = true;
        try {
            daemon.snapshots().delete(name);
            states.remove(name);
        } catch (SnapshotException e) {
            if (e.kind() == SnapshotException.Kind.MISSING) {
                // A daemon that lost the volume does not know the snapshots of the next one.
                assertTrue(!mustExist || daemon.isPast(), () -> "snapshot " + name + " is gone");
            } else {
                requireFault(daemon, e);
            }
        }
    }

    private static void requireFault(SimulatedDaemon daemon, SnapshotException e) {
        boolean mayFail = daemon.isFaulty() || daemon.isPast() || daemon.index.isFaulty();
        boolean expected = e.kind() == SnapshotException.Kind.UNAVAILABLE && mayFail;
        if (!expected) {
            throw new AssertionError(e);
        }
    }

    /** Notes the operations that a new life has recovered. No creation of an earlier life continues. */
    void recovered() {
        states.values().forEach(this::end);
    }

    /** Reads all snapshots, and deletes some of them. */
    void check(LifecycleFixture fixture, LifecycleFixture.Process process)
            throws OpenException, VolumeException, IOException, SnapshotException {
        recovered();
        List<Snapshot> snapshots = process.keeper.snapshots().list();
        List<String> expected = states.entrySet().stream()
                .filter(state -> state.getValue().exists && !state.getValue().mayBeGone)
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(ArrayList::new));
        for (Snapshot snapshot : snapshots) {
            expected.remove(snapshot.name());
            try (VolumeReader reader = fixture.reader(process);
                    VolumeReader.View view = reader.openSnapshot(snapshot.name())) {
                for (ClientModel.Moment moment : states.get(snapshot.name()).moments) {
                    moment.compare(view.volume());
                }
            }
            if (random.nextBoolean()) {
                process.keeper.snapshots().delete(snapshot.name());
            }
        }
        assertEquals(List.of(), expected, "snapshots are gone");
    }
}
