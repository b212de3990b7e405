// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** chmod(2), chown(2), utimensat(2), access(2) and the rules about set-id bits. */
public abstract class AttributeContract extends VirtualFileSystemContract {
    private static final TimeChange EARLY = TimeChange.to(new Timestamp(-1_000_000_000_000L, 999_999_999));
    private static final TimeChange LATE = TimeChange.to(new Timestamp(1_000_000_000_000L, 1));

    @Test
    void chmodChangesTheModeAndTheChangeTime() throws Exception {
        InodeId f = file(top, "f");
        Timestamp before = stat(f).modified();
        Timestamp now = clock.tick();
        AttributeTransition change = chmod(ROOT, f, 07751);
        assertEquals(0644, change.before().mode());
        assertEquals(07751, change.after().mode());
        assertEquals(now, change.after().changed());
        assertEquals(before, change.after().modified());
        assertEquals(change.after(), stat(f));
    }

    @Test
    void chmodIsForTheOwner() throws Exception {
        InodeId f = aliceFile(0666);
        assertFails(FsError.NOT_PERMITTED, () -> chmod(BOB, f, 0600));
        chmod(ALICE, f, 0000);
        chmod(ROOT, f, 0644);
    }

    @Test
    void chmodTakesSetgidFromAFileOfAForeignGroup() throws Exception {
        InodeId f = aliceFile(0755);
        chmod(ALICE, f, 02755);
        assertEquals(02755, stat(f).mode());
        chown(ROOT, f, null, 3000);
        chmod(ALICE, f, 02755);
        assertEquals(0755, stat(f).mode());
        chmod(ROOT, f, 02755);
        assertEquals(02755, stat(f).mode());
    }

    @Test
    void everyKindOfFileHasAMode() throws Exception {
        InodeId l = symlink(top, "l", "t");
        chmod(ROOT, l, 0700);
        assertEquals(0700, stat(l).mode());
        InodeId p = node(ROOT, top, "p", FileKind.FIFO);
        chmod(ROOT, p, 01622);
        assertEquals(01622, stat(p).mode());
    }

    @Test
    void onlyTheSuperuserChangesOwners() throws Exception {
        InodeId f = aliceFile(0644);
        assertFails(FsError.NOT_PERMITTED, () -> chown(ALICE, f, 1001, null));
        assertFails(FsError.NOT_PERMITTED, () -> chown(BOB, f, 1001, null));
        assertFails(FsError.NOT_PERMITTED, () -> chown(BOB, f, null, 2000));
        Timestamp now = clock.tick();
        chown(ROOT, f, 1001, 3000);
        assertEquals(1001, stat(f).uid());
        assertEquals(3000, stat(f).gid());
        assertEquals(now, stat(f).changed());
    }

    @Test
    void theOwnerChoosesAmongItsOwnGroups() throws Exception {
        InodeId f = aliceFile(0644);
        chown(ALICE, f, null, 2000);
        assertEquals(2000, stat(f).gid());
        chown(ALICE, f, 1000, 1000);
        assertFails(FsError.NOT_PERMITTED, () -> chown(ALICE, f, null, 3000));
        chown(ROOT, f, null, 3000);
        chown(ALICE, f, null, 3000);
        assertEquals(3000, stat(f).gid());
    }

    @Test
    void aChangeOfOwnerClearsTheSetIdBitsOfFiles() throws Exception {
        InodeId f = aliceFile(0755);
        chmod(ROOT, f, 06755);
        chown(ALICE, f, null, 2000);
        assertEquals(0755, stat(f).mode());
        chmod(ROOT, f, 06755);
        chown(ROOT, f, 0, 0);
        assertEquals(0755, stat(f).mode());
        chmod(ROOT, f, 06744);
        chown(ROOT, f, 0, 0);
        assertEquals(02744, stat(f).mode());
        InodeId d = dir(top, "d");
        chmod(ROOT, d, 06755);
        chown(ROOT, d, 5, 5);
        assertEquals(06755, stat(d).mode());
    }

    @Test
    void aWriteClearsTheSetIdBitsUnlessTheSuperuserWrites() throws Exception {
        InodeId f = aliceFile(0777);
        chmod(ROOT, f, 06777);
        write(ROOT, f, 0, bytes("x"));
        assertEquals(06777, stat(f).mode());
        write(BOB, f, 0, bytes("x"));
        assertEquals(0777, stat(f).mode());
        chmod(ROOT, f, 06767);
        write(ALICE, f, 0, bytes("x"));
        assertEquals(02767, stat(f).mode());
        chmod(ROOT, f, 06777);
        truncate(BOB, f, 0);
        assertEquals(0777, stat(f).mode());
    }

    @Test
    void anEmptyWriteChangesNothing() throws Exception {
        InodeId f = aliceFile(0777);
        chmod(ROOT, f, 06777);
        Attributes before = stat(f);
        clock.tick();
        write(BOB, f, 100, new byte[0]);
        assertEquals(before, stat(f));
    }

    @Test
    void theOwnerSetsTimesOfAnyCentury() throws Exception {
        InodeId f = aliceFile(0444);
        Timestamp now = clock.tick();
        utimes(ALICE, f, EARLY, LATE);
        assertEquals(EARLY.value(), stat(f).accessed());
        assertEquals(LATE.value(), stat(f).modified());
        assertEquals(now, stat(f).changed());
        assertFails(FsError.NOT_PERMITTED, () -> utimes(BOB, f, EARLY, LATE));
    }

    @Test
    void oneTimeIsSetAndTheOtherKept() throws Exception {
        InodeId f = aliceFile(0644);
        Timestamp old = stat(f).accessed();
        Timestamp now = clock.tick();
        utimes(ALICE, f, TimeChange.KEEP, EARLY);
        assertEquals(old, stat(f).accessed());
        assertEquals(EARLY.value(), stat(f).modified());
        utimes(ALICE, f, TimeChange.NOW, TimeChange.KEEP);
        assertEquals(now, stat(f).accessed());
        assertEquals(EARLY.value(), stat(f).modified());
    }

    @Test
    void aUserWhoMayWriteSetsBothTimesToNow() throws Exception {
        InodeId f = aliceFile(0646);
        Timestamp now = clock.tick();
        utimes(BOB, f, TimeChange.NOW, TimeChange.NOW);
        assertEquals(now, stat(f).accessed());
        assertEquals(now, stat(f).modified());
        assertFails(FsError.NOT_PERMITTED, () -> utimes(BOB, f, TimeChange.NOW, TimeChange.KEEP));
        assertFails(FsError.NOT_PERMITTED, () -> utimes(BOB, f, TimeChange.NOW, EARLY));
        chmod(ROOT, f, 0644);
        assertFails(FsError.ACCESS_DENIED, () -> utimes(BOB, f, TimeChange.NOW, TimeChange.NOW));
        chmod(ROOT, f, 0444);
        utimes(ALICE, f, TimeChange.NOW, TimeChange.NOW);
    }

    @Test
    void theTimeThatComesWithASizeNeedsNoMorePermissionThanTheSize() throws Exception {
        InodeId f = aliceFile(0646);
        AttributeChange change = new AttributeChange(null, null, null, 5L, TimeChange.KEEP, TimeChange.NOW, null);
        Timestamp now = clock.tick();
        files.setAttributes(BOB, f, change, DataAccess.CHECKED_NOW);
        assertEquals(5, stat(f).size());
        assertEquals(now, stat(f).modified());
    }

    @Test
    void aChangeIsMadeAsAWholeOrNotAtAll() throws Exception {
        InodeId f = aliceFile(0644);
        Attributes before = stat(f);
        AttributeChange change = new AttributeChange(0777, 1001, null, 5L, TimeChange.NOW, TimeChange.NOW, null);
        assertFails(FsError.NOT_PERMITTED, () -> files.setAttributes(ALICE, f, change, DataAccess.CHECKED_NOW));
        assertEquals(before, stat(f));
    }

    @Test
    void aGuardedChangeNeedsTheSameChangeTime() throws Exception {
        InodeId f = aliceFile(0644);
        Timestamp seen = stat(f).changed();
        clock.tick();
        AttributeChange guarded = new AttributeChange(0600, null, null, null, TimeChange.KEEP, TimeChange.KEEP, seen);
        files.setAttributes(ALICE, f, guarded, DataAccess.CHECKED_NOW);
        assertFails(FsError.NOT_SYNC, () -> files.setAttributes(ALICE, f, guarded, DataAccess.CHECKED_NOW));
    }

    @Test
    void anEmptyChangeUpdatesTheChangeTime() throws Exception {
        InodeId f = aliceFile(0644);
        Timestamp modified = stat(f).modified();
        Timestamp now = clock.tick();
        files.setAttributes(ALICE, f, AttributeChange.NONE, DataAccess.CHECKED_NOW);
        assertEquals(now, stat(f).changed());
        assertEquals(modified, stat(f).modified());
    }

    @Test
    void accessFollowsTheBitsOfTheCallersClass() throws Exception {
        InodeId f = aliceFile(0640);
        chown(ROOT, f, null, 2000);
        assertEquals(6, files.access(ALICE, f, 7));
        assertEquals(4, files.access(BOB, f, 7));
        assertEquals(0, files.access(new Credentials(7, 7), f, 7));
        assertEquals(4, files.access(ALICE, f, 5));
        chmod(ROOT, f, 0047);
        assertEquals(0, files.access(ALICE, f, 7));
        assertEquals(4, files.access(BOB, f, 7));
        assertEquals(7, files.access(new Credentials(7, 7), f, 7));
    }

    @Test
    void theSuperuserMayEverythingButExecuteFilesWithoutAnExecuteBit() throws Exception {
        InodeId f = aliceFile(0000);
        assertEquals(6, files.access(ROOT, f, 7));
        chmod(ROOT, f, 0001);
        assertEquals(7, files.access(ROOT, f, 7));
        InodeId d = dir(ROOT, top, "d", 0000);
        assertEquals(7, files.access(ROOT, d, 7));
    }

    @Test
    void aUserWhoseGroupsAreUnknownGetsTheBetterOfGroupAndOthers() throws Exception {
        InodeId f = aliceFile(0641);
        assertEquals(5, files.access(Credentials.ofUser(1234, 5678), f, 7));
        assertEquals(6, files.access(Credentials.ofUser(1000, 5678), f, 7));
    }

    @Test
    void searchingNeedsExecutePermission() throws Exception {
        InodeId d = dir(ROOT, top, "d", 0755);
        file(d, "f");
        files.lookup(ALICE, d, name("f"));
        chmod(ROOT, d, 0754);
        assertFails(FsError.ACCESS_DENIED, () -> files.lookup(ALICE, d, name("f")));
        assertFails(FsError.ACCESS_DENIED, () -> files.lookup(ALICE, d, name("missing")));
        assertFails(FsError.ACCESS_DENIED, () -> files.lookup(ALICE, d, name("..")));
        files.lookup(ROOT, d, name("f"));
    }

    private InodeId aliceFile(int mode) throws FsException {
        chmod(ROOT, top, 0777);
        return file(ALICE, top, "f", mode);
    }
}
