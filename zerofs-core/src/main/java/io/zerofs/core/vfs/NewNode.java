// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * A file to create.
 *
 * @param kind kind of file
 * @param initial initial attributes: the mode (already reduced by the client's umask) and, if the protocol has them,
 *     uid, gid, size and times. A missing owner or group comes from the credentials; in a setgid directory the group
 *     comes from the directory.
 * @param device for device nodes, else {@link DeviceNumber#NONE}
 * @param symlinkTarget for symlinks, 1 to 4095 bytes, else null
 * @param existing effect of the creation if the name exists
 * @param verifier with {@link Existing#OPEN_IF_SAME_VERIFIER} only, else 0
 */
public record NewNode(
        FileKind kind,
        AttributeChange initial,
        DeviceNumber device,
        byte[] symlinkTarget,
        Existing existing,
        long verifier) {

    /** The effect of a creation if the name exists. */
    public enum Existing {
        /** Throws EXISTS. */
        REFUSE,
        /** Returns a regular file, truncated to {@code initial.size()} if that is set and permitted. */
        OPEN,
        /** Returns a regular file that was created with the same verifier, else throws EXISTS (RFC 1813 §3.3.8). */
        OPEN_IF_SAME_VERIFIER
    }

    /** Returns a regular file that must not exist yet. */
    public static NewNode file(int mode) {
        return of(FileKind.REGULAR, mode);
    }

    public static NewNode directory(int mode) {
        return of(FileKind.DIRECTORY, mode);
    }

    public static NewNode symlink(byte[] target) {
        return new NewNode(
                FileKind.SYMLINK, AttributeChange.ofMode(0777), DeviceNumber.NONE, target, Existing.REFUSE, 0);
    }

    /** Returns a file of any kind but a symlink or device. */
    public static NewNode of(FileKind kind, int mode) {
        return new NewNode(kind, AttributeChange.ofMode(mode), DeviceNumber.NONE, null, Existing.REFUSE, 0);
    }
}
