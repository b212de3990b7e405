// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nothing final follows from one answer of the store: neither of a running daemon, nor of one that opens. */
class OneOddAnswerTest {
    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    /** How an answer to a get may be odd. */
    enum Oddity {
        FLIPPED,
        CUT,
        ABSENT
    }

    /** An action of a daemon that puts an object. */
    private interface Action {
        void run(Process process) throws Exception;
    }

    private void assertPutIsRecognised(String prefix, Action action) throws Exception {
        for (Oddity oddity : List.of(Oddity.FLIPPED, Oddity.CUT)) {
            OddStore store = new OddStore(fixture.copyOfBucket());
            Process process =
                    fixture.process(fixture.newDirectory(), store).open().write(0, "a");
            store.loseNextPut(prefix, oddity);

            action.run(process);

            assertTrue(store.wasOdd(), oddity::name);
            assertFalse(process.stopped.isDone(), oddity::name);
        }
    }

    @Test
    void aCommitWhoseAnswerWasLostIsRecognised() throws Exception {
        assertPutIsRecognised("commits/", Process::barrier);
    }

    @Test
    void aTableWhoseAnswerWasLostIsRecognised() throws Exception {
        assertPutIsRecognised("sst/", Process::checkpoint);
    }

    @Test
    void aManifestWhoseAnswerWasLostIsRecognised() throws Exception {
        assertPutIsRecognised("manifests/", Process::checkpoint);
    }

    /** Every single get of an open, of any object, is answered oddly once; each open succeeds all the same. */
    @ParameterizedTest
    @EnumSource(Oddity.class)
    void anOpenSurvivesAnyOneOddAnswer(Oddity oddity) throws Exception {
        fixture.process()
                .open()
                .write(0, "a")
                .barrier()
                .checkpoint()
                .write(1, "b")
                .barrier()
                .kill();
        for (int number = 1; ; number++) {
            OddStore store = new OddStore(fixture.copyOfBucket());
            store.oddGet(number, oddity, name -> !store.isProbe(name));
            Process process = fixture.process(fixture.newDirectory(), store).open();
            assertEquals(List.of("a", "b"), process.readAll(2), "get " + number);
            process.kill();
            if (!store.wasOdd()) {
                assertTrue(number > 6, "only " + number + " gets");
                return;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Oddity.class)
    void aReadSurvivesOneOddAnswer(Oddity oddity) throws Exception {
        fixture.process().open().write(0, "a").shutDown();
        OddStore store = new OddStore(fixture.bucket);
        Process process = fixture.process(fixture.newDirectory(), store).open();
        store.oddGet(1, oddity, name -> name.startsWith("commits/"));

        assertEquals("a", process.read(0));
        assertTrue(store.wasOdd());
    }

    @Test
    void anEmptyListOfManifestsIsLookedAtAgain() throws Exception {
        fixture.process().open().write(0, "a").shutDown();
        boolean[] odd = {false};
        ObjectStore store = new ForwardingObjectStore(fixture.bucket) {
            @Override
            public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
                if (prefix.equals(Manifest.PREFIX) && !odd[0]) {
                    odd[0] = true;
                    return List.of();
                }
                return super.list(prefix, after, max);
            }
        };

        assertEquals("a", fixture.process(fixture.newDirectory(), store).open().read(0));
        assertTrue(odd[0]);
    }

    /** Loses the answer to one put, and answers one get oddly. */
    private static final class OddStore extends ForwardingObjectStore {
        private String losing;
        private Oddity oddity;
        private Predicate<String> victims = name -> false;
        private int getsBefore;
        private boolean odd;

        OddStore(ObjectStore store) {
            super(store);
        }

        /** The put is applied and its answer lost. The first read of the object is odd. */
        synchronized void loseNextPut(String prefix, Oddity how) {
            losing = prefix;
            oddity = how;
        }

        synchronized void oddGet(int number, Oddity how, Predicate<String> which) {
            getsBefore = number - 1;
            oddity = how;
            victims = which;
        }

        synchronized boolean wasOdd() {
            return odd;
        }

        /** A manifest above the newest is asked for and absent; no answer about it can be odd. */
        boolean isProbe(String name) {
            try {
                return list(name, "", 1).isEmpty();
            } catch (ObjectStoreException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public synchronized PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition)
                throws ObjectStoreException {
            PutOutcome outcome = super.put(name, bytes, condition);
            if (losing != null && name.startsWith(losing)) {
                losing = null;
                victims = name::equals;
                throw new ObjectStoreException(Kind.UNKNOWN_OUTCOME, "the answer was lost", null);
            }
            return outcome;
        }

        @Override
        public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
            return answer(name, super.get(name, bytesMax), true);
        }

        @Override
        public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
            return answer(name, super.getRange(name, offset, length), false);
        }

        private synchronized StoredObject answer(String name, StoredObject stored, boolean whole)
                throws ObjectStoreException {
            if (odd || !victims.test(name) || getsBefore-- > 0) {
                return stored;
            }
            odd = true;
            ByteBuffer bytes = stored.bytes();
            int middle = bytes.position() + bytes.remaining() / 2;
            return switch (oddity) {
                case FLIPPED -> {
                    bytes.put(middle, (byte) (bytes.get(middle) ^ 1));
                    yield stored;
                }
                case CUT -> {
                    if (!whole) {
                        throw new ObjectStoreException(Kind.TRUNCATED, "cut short", null);
                    }
                    yield new StoredObject(bytes.limit(middle), stored.version());
                }
                case ABSENT -> throw new ObjectStoreException(Kind.NOT_FOUND, name + " was not found", null);
            };
        }
    }
}
