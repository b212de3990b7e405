// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import static io.zerofs.server.client.NinePClient.ROOT;
import static io.zerofs.server.client.NinePClient.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.client.NinePClient;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.LockOwner;
import io.zerofs.server.ninep.wire.LockRange;
import io.zerofs.server.ninep.wire.LockStatus;
import io.zerofs.server.ninep.wire.LockType;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Byte-range locks between clients, and between processes of one. */
class LockTest {
    private static final int FILE = 1;
    private static final int TAG = 5;
    private static final LockRange ALL = new LockRange(0, 0);

    @AutoClose
    private final NinePFixture fixture = new NinePFixture(NinePSettings.DEFAULT
            .withMessageBytesMax(1 << 16)
            .withFidsMax(100)
            .withLocksMax(6)
            .withWaitingLocks(1, 1)
            .withClientShare(1));

    private DirectClient one;
    private DirectClient two;

    @BeforeEach
    void open() throws Exception {
        one = fixture.root();
        two = fixture.root();
        one.create(ROOT, FILE, "f", OpenFlags.READ_WRITE, 0644);
        two.walk(ROOT, FILE, "f");
        two.open(FILE, OpenFlags.READ_WRITE);
    }

    private static Tmessage message(LockType type, int flags, LockRange range, int process) {
        return new Tmessage.Tlock(FILE, type, flags, range, new LockOwner(process, bytes("host")));
    }

    private static LockStatus lock(NinePClient client, LockType type, LockRange range, int process) throws Exception {
        return client.ok(Rmessage.Rlock.class, message(type, 0, range, process)).status();
    }

    private static LockStatus write(NinePClient client, long start, long length, int process) throws Exception {
        return lock(client, LockType.WRITE, new LockRange(start, length), process);
    }

    private static void unlock(NinePClient client, long start, long length, int process) throws Exception {
        assertEquals(LockStatus.SUCCESS, lock(client, LockType.UNLOCK, new LockRange(start, length), process));
    }

    private static Rmessage.Rgetlock get(NinePClient client, LockType type, int process) throws Exception {
        return client.ok(
                Rmessage.Rgetlock.class, new Tmessage.Tgetlock(FILE, type, ALL, new LockOwner(process, bytes("host"))));
    }

    @Test
    void readersShareAndWritersDoNot() throws Exception {
        assertEquals(LockStatus.SUCCESS, lock(one, LockType.READ, ALL, 1));
        assertEquals(LockStatus.SUCCESS, lock(two, LockType.READ, ALL, 1));
        assertEquals(LockStatus.BLOCKED, lock(two, LockType.WRITE, ALL, 1));
        unlock(one, 0, 0, 1);
        assertEquals(LockStatus.SUCCESS, lock(two, LockType.WRITE, ALL, 1));
        assertEquals(LockStatus.BLOCKED, lock(one, LockType.READ, ALL, 1));
    }

    @Test
    void samePidAndHostOnAnotherConnectionIsAnotherOwner() throws Exception {
        assertEquals(LockStatus.SUCCESS, write(one, 0, 10, 7));
        assertEquals(LockStatus.BLOCKED, write(two, 9, 1, 7));
        assertEquals(LockStatus.SUCCESS, write(two, 10, 1, 7));
        assertEquals(LockStatus.SUCCESS, write(one, 0, 10, 7));
        assertEquals(LockStatus.BLOCKED, write(one, 0, 10, 8));
    }

    @Test
    void unlockSplitsAndNeighboursJoin() throws Exception {
        assertEquals(LockStatus.SUCCESS, write(one, 0, 0, 1));
        unlock(one, 10, 10, 1);
        assertEquals(2, fixture.server().locks().heldCount());
        assertEquals(LockStatus.SUCCESS, write(two, 10, 10, 1));
        assertEquals(LockStatus.BLOCKED, write(two, 9, 1, 1));
        assertEquals(LockStatus.BLOCKED, write(two, 20, 1, 1));
        unlock(two, 0, 0, 1);
        assertEquals(LockStatus.SUCCESS, write(one, 10, 10, 1));
        assertEquals(1, fixture.server().locks().heldCount());
    }

    @Test
    void ownersLockChangesItsKindInPart() throws Exception {
        assertEquals(LockStatus.SUCCESS, write(one, 0, 30, 1));
        assertEquals(LockStatus.SUCCESS, lock(one, LockType.READ, new LockRange(10, 10), 1));
        assertEquals(3, fixture.server().locks().heldCount());
        assertEquals(LockStatus.SUCCESS, lock(two, LockType.READ, new LockRange(10, 10), 1));
        assertEquals(LockStatus.BLOCKED, lock(two, LockType.READ, new LockRange(9, 1), 1));
    }

    @Test
    void getlockReportsTheConflictingLock() throws Exception {
        assertEquals(LockType.UNLOCK, get(two, LockType.WRITE, 3).lock());
        assertEquals(LockStatus.SUCCESS, lock(one, LockType.READ, new LockRange(5, 0), 42));
        Rmessage.Rgetlock found = get(two, LockType.WRITE, 3);
        assertEquals(LockType.READ, found.lock());
        assertEquals(new LockRange(5, 0), found.range());
        assertEquals(42, found.owner().process());
        assertEquals(LockType.UNLOCK, get(two, LockType.READ, 3).lock());
        assertEquals(LockType.READ, get(two, LockType.UNLOCK, 3).lock());
        assertEquals(LockType.UNLOCK, get(one, LockType.WRITE, 42).lock());
    }

    @Test
    void rangeBeyondTheLastByteIsInvalid() throws Exception {
        for (LockRange bad :
                new LockRange[] {new LockRange(-1, 1), new LockRange(0, -1), new LockRange(Long.MAX_VALUE, 2)}) {
            assertEquals(Errno.EINVAL, one.error(message(LockType.WRITE, 0, bad, 1)));
        }
        assertEquals(LockStatus.SUCCESS, write(one, Long.MAX_VALUE, 1, 1));
        assertEquals(LockStatus.BLOCKED, write(two, 5, 0, 1));
    }

    @Test
    void lockNeedsAnOpenFile() throws Exception {
        one.walk(ROOT, 2, "f");
        LockOwner owner = new LockOwner(1, bytes("host"));
        assertEquals(Errno.EBADF, one.error(new Tmessage.Tlock(2, LockType.READ, 0, ALL, owner)));
        assertEquals(Errno.EBADF, one.error(new Tmessage.Tgetlock(ROOT, LockType.READ, ALL, owner)));
    }

    @Test
    void fullTableIsAnError() throws Exception {
        for (int i = 0; i < 6; i++) {
            assertEquals(LockStatus.SUCCESS, write(one, 10L * i, 5, 1));
        }
        assertEquals(LockStatus.ERROR, write(one, 100, 5, 1));
        unlock(one, 0, 0, 1);
        assertEquals(LockStatus.SUCCESS, write(one, 100, 5, 1));
    }

    @Test
    void clunkEndsTheLocksOfTheFid() throws Exception {
        assertEquals(LockStatus.SUCCESS, write(one, 0, 0, 1));
        one.clunk(FILE);
        assertEquals(LockStatus.SUCCESS, write(two, 0, 0, 1));
    }

    @Test
    void endOfTheConnectionEndsItsLocks() throws Exception {
        assertEquals(LockStatus.SUCCESS, write(one, 0, 0, 1));
        two.send(TAG, message(LockType.WRITE, Tmessage.Tlock.BLOCK, ALL, 1));
        assertFalse(two.hasReply(TAG));
        one.close();
        assertEquals(new Rmessage.Rlock(LockStatus.SUCCESS), two.await(TAG));
    }

    @Test
    void waitingRequestGetsTheLockWhenItIsFree() throws Exception {
        assertEquals(LockStatus.SUCCESS, write(one, 0, 0, 1));
        two.send(TAG, message(LockType.WRITE, Tmessage.Tlock.BLOCK, ALL, 1));
        assertFalse(two.hasReply(TAG));
        unlock(one, 0, 0, 1);
        assertEquals(new Rmessage.Rlock(LockStatus.SUCCESS), two.await(TAG));
        assertEquals(LockStatus.BLOCKED, write(one, 0, 0, 1));
    }

    @Test
    void waitingReaderGetsItsLockWhenTheWriterBecomesAReader() throws Exception {
        assertEquals(LockStatus.SUCCESS, write(one, 0, 0, 1));
        two.send(TAG, message(LockType.READ, Tmessage.Tlock.BLOCK, ALL, 1));
        assertFalse(two.hasReply(TAG));
        assertEquals(LockStatus.SUCCESS, lock(one, LockType.READ, ALL, 1));
        assertEquals(new Rmessage.Rlock(LockStatus.SUCCESS), two.await(TAG));
    }

    @Test
    void waitingEndsWithBlockedAfterItsTime() throws Exception {
        assertEquals(LockStatus.SUCCESS, write(one, 0, 0, 1));
        two.send(TAG, message(LockType.WRITE, Tmessage.Tlock.BLOCK, ALL, 1));
        assertEquals(new Rmessage.Rlock(LockStatus.BLOCKED), two.await(TAG));
        assertEquals(0, fixture.server().locks().waiterCount());
    }

    @Test
    void onlySoManyRequestsOfAConnectionWait() throws Exception {
        assertEquals(LockStatus.SUCCESS, write(one, 0, 0, 1));
        two.send(TAG, message(LockType.WRITE, Tmessage.Tlock.BLOCK, ALL, 1));
        assertEquals(
                new Rmessage.Rlock(LockStatus.BLOCKED),
                two.call(message(LockType.WRITE, Tmessage.Tlock.BLOCK, ALL, 2)));
    }

    @Test
    void flushCancelsAWaitingRequest() throws Exception {
        assertEquals(LockStatus.SUCCESS, write(one, 0, 0, 1));
        two.send(TAG, message(LockType.WRITE, Tmessage.Tlock.BLOCK, ALL, 1));
        two.send(TAG + 1, new Tmessage.Tflush(TAG));
        assertTrue(two.hasReply(TAG + 1));
        unlock(one, 0, 0, 1);
        assertFalse(two.hasReply(TAG));
        assertEquals(LockStatus.SUCCESS, write(one, 0, 0, 2));
    }

    @Test
    void clunkEndsTheWaitsOfItsFid() throws Exception {
        assertEquals(LockStatus.SUCCESS, write(one, 0, 0, 1));
        two.send(TAG, message(LockType.WRITE, Tmessage.Tlock.BLOCK, ALL, 1));
        two.clunk(FILE);
        assertEquals(new Rmessage.Rlock(LockStatus.BLOCKED), two.await(TAG));
        unlock(one, 0, 0, 1);
        assertEquals(0, fixture.server().locks().heldCount());
    }
}
