// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.files.Directories;
import io.zerofs.core.random.Seeds;
import io.zerofs.storage.files.DiskContent.Syncs;
import io.zerofs.storage.files.DiskFault;
import io.zerofs.storage.files.DiskFault.Kind;
import io.zerofs.storage.files.DiskFault.Reason;
import io.zerofs.storage.files.FaultyDisk;
import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStore.IfVersion;
import io.zerofs.storage.object.ObjectStore.ObjectInfo;
import io.zerofs.storage.object.ObjectStore.PutCondition;
import io.zerofs.storage.object.ObjectStore.PutOutcome;
import io.zerofs.storage.object.ObjectStore.StoredObject;
import io.zerofs.storage.object.ObjectStoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random requests to a store whose process dies at any call, and whose disk then loses what no sync covered. Stored objects
 * stay, no object is half there, and no file stays without a name.
 */
final class LocalPowerCutTest {
    private static final List<String> NAMES = List.of("volume", "a/1", "a/2", "b/c/3", "b/c/4");
    private static final int BYTES_MAX = 20_000;

    @TempDir
    Path temporary;

    @Test
    void aStoredObjectSurvivesAPowerCutAtAnyCall() throws Exception {
        Seeds.run(seed -> cutAtEachCall(seed, 5));
    }

    @Test
    @Tag("slow")
    void theSameInManyRuns() throws Exception {
        Seeds.run(30, seed -> cutAtEachCall(seed, 14));
    }

    /** The first attempt may leave names without a sync, or with a failed one. */
    @Test
    void anObjectIsSafeWhereverTheAttemptBeforeEnded() throws Exception {
        for (Syncs syncs : Syncs.values()) {
            int call = 1;
            while (storeAgain(syncs, call, true, false)) {
                storeAgain(syncs, call, true, true);
                storeAgain(syncs, call, false, false);
                call++;
            }
        }
    }

    /** Returns whether the first attempt had this call. */
    private boolean storeAgain(Syncs syncs, int call, boolean killed, boolean afterwards) throws Exception {
        Path root = Files.createTempDirectory(temporary, "disk");
        FaultyDisk disk = new FaultyDisk(root, syncs);
        if (killed) {
            disk.dieAt(call, afterwards);
        } else {
            disk.setFault(DiskFault.at(call, Reason.IO_ERROR));
        }
        LocalObjectStore store = null;
        try {
            store = openAt(disk);
            putOne(store);
        } catch (ObjectStoreException e) {
            assertTrue(e.getMessage().contains(root.toString()), e::getMessage);
        }
        boolean struck = disk.callCount() >= call;
        if (killed) {
            disk = disk.restarted();
        }
        store = killed || store == null ? openAt(disk) : store;
        putOne(store);
        store = openAt(disk.powerCutLosingAll());
        assertEquals(1, store.get("a/b/object", 9).bytes().remaining(), disk::story);
        Directories.delete(root);
        return struck;
    }

    /** A process that died leaves directories whose names no sync has covered. Then a sync fails. */
    @Test
    void anObjectIsSafeAfterADeathAndAFailedSync() throws Exception {
        for (Syncs syncs : Syncs.values()) {
            int call = 1;
            while (storeAgain(syncs, call, true, true)) {
                int sync = 1;
                while (storeAfterFailedSync(syncs, call, sync)) {
                    sync++;
                }
                call++;
            }
        }
    }

    /** Returns whether the second process had this sync of a directory. */
    private boolean storeAfterFailedSync(Syncs syncs, int call, int sync) throws Exception {
        Path root = Files.createTempDirectory(temporary, "disk");
        FaultyDisk disk = new FaultyDisk(root, syncs);
        disk.dieAt(call, true);
        try {
            putOne(openAt(disk));
        } catch (ObjectStoreException e) {
            assertTrue(disk.isDead(), e::getMessage);
        }
        disk = disk.restarted();
        LocalObjectStore store = openAt(disk);
        int[] seen = {0};
        disk.setFault(faulted ->
                faulted.kind() == Kind.FORCE_DIRECTORY && ++seen[0] == sync ? Reason.IO_ERROR.of(faulted) : null);
        try {
            putOne(store);
        } catch (ObjectStoreException e) {
            assertTrue(e.getMessage().contains(root.toString()), e::getMessage);
        }
        disk.setFault(DiskFault.NONE);
        putOne(store);
        store = openAt(disk.powerCutLosingAll());
        assertEquals(1, store.get("a/b/object", 9).bytes().remaining(), disk::story);
        Directories.delete(root);
        return seen[0] >= sync;
    }

    private static LocalObjectStore openAt(FaultyDisk disk) throws ObjectStoreException {
        return LocalObjectStore.open(disk.path().resolve("new/store"), InstantSource.system());
    }

    private static void putOne(LocalObjectStore store) throws ObjectStoreException {
        store.put("a/b/object", List.of(ByteBuffer.allocate(1)), new IfAbsent());
    }

    private void cutAtEachCall(long seed, int requests) throws Exception {
        for (Syncs syncs : Syncs.values()) {
            try (Run whole = new Run(seed, syncs)) {
                whole.run(requests, Long.MAX_VALUE);
                long calls = whole.disk.callCount();
                for (long call = 1; call <= calls; call++) {
                    Run run = new Run(seed, syncs);
                    try (run) {
                        run.run(requests, call);
                    } catch (Exception | AssertionError e) {
                        throw new AssertionError(
                                syncs + ", call " + call + " of " + calls + ":\n" + run.disk.story(), e);
                    }
                }
            }
        }
    }

    /** Requests before and after a death, and the bodies that each object may have. Null is no object. */
    private final class Run implements AutoCloseable {
        private final SplittableRandom random;
        private final Path root;
        private final Map<String, Set<ByteBuffer>> possible = new TreeMap<>();
        private FaultyDisk disk;
        private LocalObjectStore store;
        private boolean syncFailed;

        Run(long seed, Syncs syncs) throws IOException {
            random = new SplittableRandom(seed);
            root = Files.createTempDirectory(temporary, "disk");
            disk = new FaultyDisk(root, syncs);
            for (String name : NAMES) {
                Set<ByteBuffer> bodies = new HashSet<>();
                bodies.add(null);
                possible.put(name, bodies);
            }
        }

        void run(int requests, long diesAt) throws Exception {
            disk.dieAt(diesAt, random.nextBoolean());
            open(Instant.now());
            send(requests);
            if (disk.isDead()) {
                // If only the process dies, the next one finds names that no sync has covered. It cannot know of a
                // failed sync.
                boolean onlyKilled = random.nextBoolean() && !syncFailed;
                disk = onlyKilled ? disk.restarted() : disk.powerCut(random.nextLong());
                open(Instant.now());
                compare();
                send(requests / 2);
            }
            disk = disk.powerCut(random.nextLong());
            open(Instant.now().plus(LocalObjectStore.STAGING_AGE_MAX).plusSeconds(60));
            compare();
            send(requests / 2);
            compare();
            try (Stream<Path> staged = Files.list(root.resolve("new/store/" + LocalObjectStore.STAGING))) {
                assertEquals(List.of(), staged.toList());
            }
        }

        private void open(Instant now) throws ObjectStoreException {
            try {
                store = LocalObjectStore.open(disk.path().resolve("new/store"), InstantSource.fixed(now));
            } catch (ObjectStoreException e) {
                requireDead(e);
            }
        }

        private void send(int requests) throws ObjectStoreException {
            for (int i = 0; i < requests; i++) {
                boolean failsASync = random.nextInt(5) == 0;
                Kind failing = random.nextBoolean() ? Kind.FORCE : Kind.FORCE_DIRECTORY;
                disk.setFault(failsASync ? oneOf(failing) : DiskFault.NONE);
                if (store != null) {
                    send(failsASync);
                }
            }
            disk.setFault(DiskFault.NONE);
        }

        private DiskFault oneOf(Kind kind) {
            boolean[] struck = {false};
            return call -> {
                boolean strikes = !struck[0] && call.kind() == kind;
                struck[0] |= strikes;
                syncFailed |= strikes;
                return strikes ? Reason.IO_ERROR.of(call) : null;
            };
        }

        private void send(boolean mayFail) throws ObjectStoreException {
            String name = NAMES.get(random.nextInt(NAMES.size()));
            byte[] body = new byte[random.nextInt(BYTES_MAX)];
            random.nextBytes(body);
            Set<ByteBuffer> bodies = possible.get(name);
            try {
                switch (random.nextInt(6)) {
                    case 0 -> {
                        bodies.add(null);
                        store.delete(List.of(name));
                    }
                    case 1, 2 -> {
                        ByteBuffer now = find(name);
                        if (now != null) {
                            put(name, ByteBuffer.wrap(body), new IfVersion(version));
                        }
                    }
                    default -> put(name, ByteBuffer.wrap(body), new IfAbsent());
                }
            } catch (ObjectStoreException e) {
                assertTrue(mayFail || disk.isDead(), e::getMessage);
                assertTrue(e.getMessage().contains(root.toString()), e::getMessage);
            }
        }

        private void put(String name, ByteBuffer body, PutCondition condition) throws ObjectStoreException {
            Set<ByteBuffer> bodies = possible.get(name);
            Set<ByteBuffer> before = new HashSet<>(bodies);
            bodies.add(body);
            PutOutcome outcome = store.put(name, List.of(body), condition);
            if (outcome == PutOutcome.STORED) {
                bodies.clear();
                bodies.add(body);
            } else {
                bodies.remove(body);
                bodies.addAll(before);
                ByteBuffer found = find(name);
                assertNotNull(found, "refused, so there is an object");
                assertTrue(bodies.contains(found));
                bodies.clear();
                bodies.add(found);
            }
        }

        private String version;

        private ByteBuffer find(String name) throws ObjectStoreException {
            try {
                StoredObject object = store.get(name, BYTES_MAX);
                version = object.version();
                return object.bytes();
            } catch (ObjectStoreException e) {
                if (e.kind() == ObjectStoreException.Kind.NOT_FOUND) {
                    return null;
                }
                throw e;
            }
        }

        /** Each object has one of its possible bodies, and the listing agrees. */
        private void compare() throws ObjectStoreException {
            Map<String, Long> listed =
                    store.list("", "", 99).stream().collect(Collectors.toMap(ObjectInfo::name, ObjectInfo::size));
            for (String name : NAMES) {
                ByteBuffer found = find(name);
                assertTrue(
                        possible.get(name).contains(found),
                        () -> name + (found == null ? " is lost" : " has bytes that nobody stored"));
                assertEquals(found == null ? null : Long.valueOf(found.remaining()), listed.remove(name));
            }
            assertEquals(Map.of(), listed);
        }

        private void requireDead(ObjectStoreException e) {
            assertTrue(disk.isDead(), e::getMessage);
        }

        @Override
        public void close() throws IOException {
            Directories.delete(root);
        }
    }
}
