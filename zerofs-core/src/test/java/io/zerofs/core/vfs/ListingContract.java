// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** readdir(3) and its positions. */
public abstract class ListingContract extends VirtualFileSystemContract {
    @Test
    void aListingBeginsWithTheDotsAndFollowsTheOrderOfCreation() throws Exception {
        InodeId d = dir(top, "d");
        InodeId z = file(d, "z");
        InodeId a = dir(d, "a");
        List<DirectoryEntry> entries = list(d, 0, true);
        assertEquals(
                List.of(".", "..", "z", "a"),
                entries.stream().map(e -> e.name().toString()).toList());
        assertEquals(1, entries.get(0).cookie());
        assertEquals(d.number(), entries.get(0).inode());
        assertEquals(2, entries.get(1).cookie());
        assertEquals(stat(top), entries.get(1).attributes());
        assertEquals(stat(z), entries.get(2).attributes());
        assertEquals(FileKind.DIRECTORY, entries.get(3).kind());
        assertEquals(a.number(), entries.get(3).inode());
    }

    @Test
    void attributesComeOnlyWhenAskedFor() throws Exception {
        file(top, "f");
        for (DirectoryEntry entry : list(top, 0, false)) {
            assertNull(entry.attributes());
        }
    }

    @Test
    void aListingContinuesAfterAnyCookie() throws Exception {
        for (int i = 0; i < 10; i++) {
            file(top, "f" + i);
        }
        List<DirectoryEntry> all = list(top, 0, false);
        for (int i = 0; i < all.size(); i++) {
            assertEquals(all.subList(i + 1, all.size()), list(top, all.get(i).cookie(), false));
        }
    }

    @Test
    void aRefusedEntryEndsTheListingBeforeIt() throws Exception {
        file(top, "f");
        file(top, "g");
        List<String> seen = new ArrayList<>();
        assertFalse(files.list(
                ROOT,
                top,
                0,
                false,
                entry -> seen.size() < 3 && seen.add(entry.name().toString())));
        assertEquals(List.of(".", "..", "f"), seen);
        assertFalse(files.list(ROOT, top, 0, false, entry -> false));
        assertTrue(files.list(ROOT, top, 2, false, entry -> true));
    }

    @Test
    void entriesThatStayAreListedOnceDuringChanges() throws Exception {
        for (int i = 0; i < 20; i++) {
            file(top, "f" + i);
        }
        List<String> seen = new ArrayList<>();
        long cookie = 0;
        for (int page = 0; page < 30; page++) {
            List<DirectoryEntry> entries = new ArrayList<>();
            files.list(ROOT, top, cookie, false, entry -> entries.size() < 2 && entries.add(entry));
            if (entries.isEmpty()) {
                break;
            }
            entries.forEach(entry -> seen.add(entry.name().toString()));
            cookie = entries.get(entries.size() - 1).cookie();
            if (page < 5) {
                unlink(ROOT, top, "f" + page);
                file(top, "f" + page);
                file(top, "new" + page);
            }
        }
        for (int i = 5; i < 20; i++) {
            String name = "f" + i;
            assertEquals(1, seen.stream().filter(name::equals).count(), name);
        }
    }

    @Test
    void aListingEndsAlthoughFilesAreAdded() throws Exception {
        for (int i = 0; i < 20; i++) {
            file(top, "f" + i);
        }
        List<String> seen = listEach(entry -> {
            rename(ROOT, top, entry, top, "renamed-" + entry);
            file(top, "new-" + entry);
            file(top, "short-lived");
            unlink(ROOT, top, "short-lived");
            rename(ROOT, top, "renamed-" + entry, dir(top, "dir-of-" + entry), "away");
            rename(ROOT, lookup(top, "dir-of-" + entry), "away", top, "back-" + entry);
        });
        assertEquals(22, seen.size());
    }

    @Test
    void aRenamedEntryKeepsItsPlace() throws Exception {
        for (String each : List.of("a", "b", "c")) {
            file(top, each);
        }
        rename(ROOT, top, "b", top, "other");
        assertEquals(List.of("a", "other", "c"), names(top));
    }

    @Test
    void aNameThatIsGivenToAnotherFileKeepsItsPlace() throws Exception {
        for (int i = 0; i < 20; i++) {
            file(top, "f" + i);
        }
        InodeId elsewhere = dir(top, "elsewhere");
        List<String> seen = listEach(entry -> {
            for (int i = 0; i < 20; i++) {
                InodeId from = i % 2 == 0 ? top : elsewhere;
                file(from, "temporary");
                rename(ROOT, from, "temporary", top, "f" + i);
            }
        });
        assertEquals(23, seen.size());
        for (int i = 0; i < 20; i++) {
            assertTrue(seen.contains("f" + i), "f" + i);
        }
    }

    /** The action during a visit of an entry. */
    private interface Meanwhile {
        void change(String entry) throws FsException;
    }

    /** Names as a reader sees them that takes one entry at a time; at most a thousand. */
    private List<String> listEach(Meanwhile meanwhile) throws FsException {
        List<String> seen = new ArrayList<>();
        long end = files.listingEnd(top);
        long[] after = new long[1];
        boolean more = true;
        while (more && seen.size() < 1000) {
            List<String> page = new ArrayList<>();
            more = !files.list(ROOT, top, new ListingRange(after[0], end), false, entry -> {
                after[0] = page.isEmpty() ? entry.cookie() : after[0];
                return page.isEmpty() && page.add(entry.name().toString());
            });
            seen.addAll(page);
            if (!page.isEmpty() && !page.get(0).startsWith(".")) {
                meanwhile.change(page.get(0));
            }
        }
        return seen;
    }

    @Test
    void theCookieOfARemovedEntryStaysAPosition() throws Exception {
        file(top, "a");
        file(top, "b");
        file(top, "c");
        long cookie = list(top, 0, false).get(3).cookie();
        unlink(ROOT, top, "b");
        assertEquals(
                List.of("c"),
                list(top, cookie, false).stream().map(e -> e.name().toString()).toList());
    }

    @Test
    void aCookieThatWasNeverGivenIsBad() throws Exception {
        file(top, "a");
        assertFails(FsError.BAD_COOKIE, () -> list(top, 1_000_000, false));
        assertFails(FsError.BAD_COOKIE, () -> list(top, -1, false));
    }

    @Test
    void listingNeedsReadPermissionAndADirectory() throws Exception {
        InodeId d = dir(ROOT, top, "d", 0711);
        assertFails(FsError.ACCESS_DENIED, () -> files.list(ALICE, d, 0, false, entry -> true));
        chmod(ROOT, d, 0744);
        assertTrue(files.list(ALICE, d, 0, true, entry -> true));
        InodeId f = file(top, "f");
        assertFails(FsError.NOT_DIRECTORY, () -> list(f, 0, false));
    }

    @Test
    void aRemovedDirectoryListsNothing() throws Exception {
        InodeId d = dir(top, "d");
        try (FileHold hold = files.hold(d, FileHold.Kind.OPEN)) {
            rmdir(ROOT, top, "d");
            assertEquals(List.of(), list(d, 0, true));
        }
    }

    @Test
    void dotIsTheDirectoryAndDotDotItsParent() throws Exception {
        InodeId d = dir(top, "d");
        InodeId e = dir(d, "e");
        assertEquals(e, lookup(e, "."));
        assertEquals(d, lookup(e, ".."));
        assertEquals(top, lookup(top, ".."));
    }

    private List<DirectoryEntry> list(InodeId directory, long cookie, boolean withAttributes) throws FsException {
        List<DirectoryEntry> entries = new ArrayList<>();
        assertTrue(files.list(ROOT, directory, cookie, withAttributes, entries::add));
        return entries;
    }
}
