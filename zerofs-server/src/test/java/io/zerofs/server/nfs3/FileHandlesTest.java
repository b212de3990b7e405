// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.server.nfs3.wire.Nfs3Limits;
import java.util.HexFormat;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FileHandlesTest {
    private static final UUID VOLUME = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    private static final InodeId INODE = new InodeId(0x0000123456789abcL, 7);
    private final FileHandles handles = new FileHandles(VOLUME);

    @Test
    void bytesNeverChange() {
        String expected = "01000000" // version, zeros
                + "00112233445566778899aabbccddeeff" // volume
                + "0000123456789abc" // inode number
                + "0000000000000007"; // generation
        String handle = HexFormat.of().formatHex(handles.encode(INODE));
        assertEquals(expected, handle.substring(0, expected.length()));
        assertEquals(FileHandles.BYTES * 2, handle.length());
        assertTrue(FileHandles.BYTES <= Nfs3Limits.HANDLE_BYTES_MAX);
    }

    @Test
    void handleNamesItsInodeAgain() throws FsException {
        byte[] handle = handles.encode(INODE);
        assertTrue(handles.isValid(handle));
        assertEquals(INODE, handles.decode(handle));
    }

    @Test
    void damagedHandleIsNotValid() {
        byte[] handle = handles.encode(INODE);
        for (int i = 0; i < handle.length * 8; i++) {
            byte[] damaged = handle.clone();
            damaged[i / 8] ^= (byte) (1 << i % 8);
            assertFalse(handles.isValid(damaged), "bit " + i);
        }
        assertFalse(handles.isValid(new byte[0]));
        assertFalse(handles.isValid(new byte[Nfs3Limits.HANDLE_BYTES_MAX]));
    }

    @Test
    void handleOfAnotherVolumeIsStale() {
        byte[] foreign = new FileHandles(UUID.fromString("10112233-4455-6677-8899-aabbccddeeff")).encode(INODE);
        FsException thrown = assertThrows(FsException.class, () -> handles.decode(foreign));
        assertEquals(FsError.STALE, thrown.error());
    }
}
