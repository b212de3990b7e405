// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.Volume;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A follower shows cuts of a volume that another process writes, soon after they are durable, with few requests. */
class VolumeFollowerTest {
    private static final long HOUR = Duration.ofHours(1).toNanos();

    private final LifecycleFixture fixture = new LifecycleFixture();

    @AfterEach
    void closeFixture() throws Exception {
        fixture.close();
    }

    private Following following() throws Exception {
        return new Following(fixture.bucket, fixture.newDirectory());
    }

    @Test
    void everyStateIsACutWhileAWriterWritesPublishesAndIsReplaced() throws Exception {
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            try (LifecycleFixture its = new LifecycleFixture()) {
                Process writer = its.process().open();
                int written = 0;
                try (Following following = new Following(its.bucket, its.newDirectory())) {
                    for (int round = 0; round < 16; round++) {
                        for (int i = random.nextInt(5); i > 0; i--) {
                            writer.write(written++, "text");
                            writer.write(0, "newest " + (written - 1));
                            if (random.nextInt(3) == 0) {
                                writer.volume.barrier();
                            }
                        }
                        boolean durable = random.nextInt(3) > 0;
                        if (durable) {
                            writer.barrier();
                        }
                        if (random.nextInt(4) == 0) {
                            writer.checkpoint();
                        }
                        following.look();
                        requireCut(following, 0, written);
                        if (random.nextInt(5) == 0) {
                            writer.barrier();
                            if (random.nextBoolean()) {
                                writer.shutDown();
                            }
                            writer = its.process().open();
                        }
                    }
                    writer.barrier();
                    following.untilIdle();
                    requireCut(following, written, written);
                    assertEquals(0, following.follower.statistics().failures());
                }
            }
        });
    }

    /** The key 0 names the newest key of its state, or one more has come without it. */
    private static void requireCut(Following following, int durable, int written) throws Exception {
        int count = 0;
        while (count < written && following.seen(count) != null) {
            count++;
        }
        assertTrue(count >= durable, count + " keys instead of " + durable);
        for (int number = count; number < written; number++) {
            assertNull(following.seen(number), "key " + number + " without key " + count);
        }
        if (count > 1) {
            String newest = following.seen(0);
            boolean fits = newest.equals("newest " + (count - 1)) || newest.equals("newest " + (count - 2));
            assertTrue(fits, newest + " of " + count);
        }
    }

    @Test
    void aStateStaysAsItIsWhileNewerOnesAreShown() throws Exception {
        Process writer = fixture.process().open().write(1, "old").barrier();
        try (Following following = following()) {
            Volume before = following.follower.first();
            try (Cursor cursor = before.scan(new KeyRange(Process.key(0), Process.key(9)))) {
                writer.write(1, "new").write(2, "two").barrier();
                following.look();
                assertEquals("new", following.seen(1));
                assertEquals("two", following.seen(2));
                assertTrue(cursor.next());
                assertEquals("old", new String(cursor.value(), StandardCharsets.UTF_8));
                assertFalse(cursor.next());
                assertNull(before.get(Process.key(2)));
                ByteBuffer bytes = ByteBuffer.allocate(3);
                before.read(1, 0, bytes);
                assertEquals("old", new String(bytes.array(), StandardCharsets.UTF_8));
            }
            before.close();
        }
    }

    @Test
    void aBusyFollowerLooksTwiceInASecondAndAnIdleOneAtMost60TimesAnHour() throws Exception {
        Process writer = fixture.process().open().write(1, "one").barrier();
        try (Following following = following()) {
            for (int i = 0; i < 50; i++) {
                writer.write(i, "text").barrier();
                following.look();
                assertEquals("text", following.seen(i));
                for (int second = 0; second < 5; second++) {
                    assertTrue(following.look() <= 1_000_000_000L);
                }
            }
            for (int hour = 0; hour < 3; hour++) {
                long before = following.hooks.count();
                long end = following.now.get() + HOUR;
                while (following.now.get() < end) {
                    following.look();
                }
                long requests = following.hooks.count() - before;
                assertTrue(requests <= 60, requests + " requests in hour " + hour);
                assertTrue(following.follower.statistics().ageNanos() <= FollowSchedule.IDLE_NANOS);
            }
            writer.write(1, "later").barrier();
            following.look();
            assertEquals("later", following.seen(1));
            assertEquals(FollowSchedule.BUSY_NANOS, following.follower.look());
        }
    }

    @Test
    void aWriterThatFlushesEachMinuteIsExpectedToGoOn() throws Exception {
        Process writer = fixture.process().open();
        try (Following following = following().untilIdle()) {
            for (int i = 0; i < 4; i++) {
                writer.write(i, "text").barrier();
                long delay = following.look();
                long end = following.now.get() + Duration.ofSeconds(50).toNanos();
                while (following.now.get() < end) {
                    delay = following.look();
                }
                assertTrue(i == 0 || delay <= 1_000_000_000L, delay + " ns in round " + i);
            }
        }
    }

    @Test
    void aTakeoverIsFollowedAndTheOldWriterIsNot() throws Exception {
        Process first = fixture.process().open().write(1, "one").barrier();
        try (Following following = following()) {
            Process second = fixture.process().open().write(2, "two").barrier();
            assertTrue(first.write(3, "three")
                    .volume
                    .barrier()
                    .handle((ok, e) -> e != null)
                    .get());
            following.look();
            assertEquals("two", following.seen(2));
            assertNull(following.seen(3));
            assertEquals(second.volume.epoch(), following.shown.epoch());
            second.write(4, "four").barrier();
            following.look();
            assertEquals("four", following.seen(4));
        }
    }

    @Test
    void aWriterAfterAnOrderlyEndIsFollowedWithinSecondsOfABusyFollower() throws Exception {
        Process first = fixture.process().open().write(1, "one").barrier();
        try (Following following = following()) {
            first.shutDown();
            fixture.process().open().write(2, "two").barrier();
            long begin = following.now.get();
            while (following.seen(2) == null) {
                following.look();
            }
            assertTrue(following.now.get() - begin <= Duration.ofSeconds(4).toNanos());
        }
    }

    @Test
    void aFollowerWhoseNextCommitsAreGoneOpensTheNewestState() throws Exception {
        Process writer = fixture.process().open().write(1, "one").barrier();
        Path directory = fixture.newDirectory();
        try (Following following = new Following(fixture.bucket, directory)) {
            Volume old = following.follower.first();
            following.untilIdle();
            for (int i = 2; i < 6; i++) {
                writer.write(i, "text").barrier();
            }
            writer.checkpoint();
            fixture.bucket.delete(fixture.names(CommitId.PREFIX));
            writer.write(6, "six").barrier();
            following.look();
            assertEquals("text", following.seen(5));
            assertEquals("six", following.seen(6));
            assertEquals(1, following.follower.statistics().reopenings());
            assertEquals("one", new String(old.get(Process.key(1)), StandardCharsets.UTF_8));
            assertNull(old.get(Process.key(5)));
            assertEquals(2, databases(directory));
            old.close();
            following.follower.closeUnused();
            assertEquals(1, databases(directory));
        }
        assertEquals(0, databases(directory));
    }

    private static long databases(Path cacheDirectory) throws Exception {
        try (Stream<Path> paths = Files.walk(cacheDirectory)) {
            return paths.filter(path -> path.getFileName().toString().startsWith("view-"))
                    .count();
        }
    }

    @Test
    void aFollowerSeesThatAllCommitsAreGone() throws Exception {
        Process writer = fixture.process().open().write(1, "one").barrier();
        try (Following following = following().untilIdle()) {
            writer.write(1, "two").barrier().checkpoint();
            fixture.bucket.delete(fixture.names(CommitId.PREFIX));
            long end = following.now.get() + HOUR;
            while (following.now.get() < end && !"two".equals(following.seen(1))) {
                following.look();
            }
            assertEquals("two", following.seen(1));
        }
    }

    @Test
    void aCommitAfterAGapIsNotShownUntilTheGapIsFilled() throws Exception {
        Process writer = fixture.process().open().write(1, "one").barrier();
        try (Following following = following()) {
            writer.write(2, "two").barrier().write(3, "three").barrier();
            List<String> commits = fixture.names(CommitId.PREFIX);
            String gap = commits.get(commits.size() - 2);
            byte[] bytes = fixture.bytes(gap);
            fixture.bucket.delete(List.of(gap));
            following.untilIdle();
            assertNull(following.seen(2));
            assertNull(following.seen(3));
            fixture.replace(gap, bytes);
            following.look();
            assertEquals("two", following.seen(2));
            assertEquals("three", following.seen(3));
            assertEquals(0, following.follower.statistics().reopenings());
        }
    }

    @Test
    void aCommitOfAnotherHistoryIsNotShown() throws Exception {
        fixture.process().open().write(1, "one").barrier().shutDown();
        ObjectStore other = fixture.copyOfBucket();
        Process writer = fixture.process().open().write(2, "two").barrier();
        Process stranger = fixture.process(fixture.newDirectory(), other)
                .open()
                .write(2, "other")
                .barrier()
                .write(3, "other")
                .barrier();
        assertEquals(writer.volume.epoch(), stranger.volume.epoch());
        try (Following following = following()) {
            writer.write(3, "three").barrier();
            List<String> commits = fixture.names(CommitId.PREFIX);
            String last = commits.get(commits.size() - 1);
            ByteBuffer bytes = other.get(last, 1 << 20).bytes();
            byte[] foreign = new byte[bytes.remaining()];
            bytes.get(foreign);
            fixture.replace(last, foreign);
            following.look();
            assertNull(following.seen(3));
            assertEquals(1, following.follower.statistics().failures());
        }
    }

    @Test
    void withoutTheStoreTheLastStateIsShownAndItsAgeGrows() throws Exception {
        Process writer = fixture.process().open().write(1, "one").barrier();
        boolean[] out = new boolean[1];
        ObjectStore store = new ForwardingObjectStore(fixture.bucket) {
            private void fail() throws ObjectStoreException {
                if (out[0]) {
                    throw new ObjectStoreException(ObjectStoreException.Kind.UNAVAILABLE, "out", null);
                }
            }

            @Override
            public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
                fail();
                return super.getRange(name, offset, length);
            }

            @Override
            public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
                fail();
                return super.list(prefix, after, max);
            }

            @Override
            public void close() {}
        };
        try (Following following = new Following(store, fixture.newDirectory())) {
            following.look();
            out[0] = true;
            writer.write(2, "two").barrier();
            Volume shown = following.shown;
            for (int i = 0; i < 20; i++) {
                following.look();
            }
            assertSame(shown, following.shown);
            assertEquals("one", following.seen(1));
            assertEquals(20, following.follower.statistics().failures());
            assertTrue(following.follower.statistics().ageNanos()
                    > Duration.ofMinutes(5).toNanos());
            out[0] = false;
            following.look();
            assertEquals("two", following.seen(2));
            following.look();
            assertTrue(following.follower.statistics().ageNanos() <= 1_000_000_000L);
        }
    }

    @Test
    void aStoreThatWentBackIsNotShown() throws Exception {
        Process writer = fixture.process().open().write(1, "one").barrier().checkpoint();
        ObjectStore old = fixture.copyOfBucket();
        ObjectStore[] seen = {fixture.bucket};
        ObjectStore store = new ForwardingObjectStore(fixture.bucket) {
            @Override
            public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
                return seen[0].get(name, bytesMax);
            }

            @Override
            public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
                return seen[0].getRange(name, offset, length);
            }

            @Override
            public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
                return seen[0].list(prefix, after, max);
            }

            @Override
            public void close() {}
        };
        try (Following following = new Following(store, fixture.newDirectory())) {
            writer.write(2, "two").barrier().write(3, "three").barrier();
            following.look();
            seen[0] = old;
            following.untilIdle();
            assertEquals("three", following.seen(3));
        }
    }

    /** The next commit is there, but its data may be gone, and the one after it is gone. */
    @Test
    void aHurriedFollowerGoesOnBeyondAGap() throws Exception {
        Process writer = fixture.process().open().write(1, "one").barrier();
        try (Following following = following().untilIdle()) {
            writer.write(2, "two").barrier().write(3, "three").barrier();
            List<String> commits = fixture.names(CommitId.PREFIX);
            writer.write(4, "four").barrier().checkpoint();
            fixture.bucket.delete(commits.subList(commits.size() - 1, commits.size()));
            following.hurry();
            assertEquals("four", following.seen(4));
        }
    }

    @Test
    void aReaderWhoseDataIsGoneGetsANewerState() throws Exception {
        Process writer = fixture.process().open().write(1, "one").barrier();
        CompletableFuture<Volume> newer = new CompletableFuture<>();
        try (Following following = following().untilIdle()) {
            AutoCloseable thread = following.follower.start(newer::complete);
            writer.write(2, "two").barrier();
            following.follower.awaitNewer();
            try (Volume next = newer.get(30, TimeUnit.SECONDS)) {
                assertEquals(3, next.get(Process.key(2)).length);
            }
            thread.close();
        }
    }
}
