// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * A file to create.
 *
 * @param kind kind of file
 * @param initial initial attributes: mode (already reduced by the client's umask), and where a protocol has them uid,
 *     gid, size, times. Missing owner and group come from the credentials and, in a setgid directory, from it.
 * @param device for device nodes, else {@link DeviceNumber#NONE}
 * @param symlinkTarget for symlinks, 1 to 4095 bytes, else null
 * @param existing what to do when the name exists
 * @param verifier with {@link Existing#OPEN_IF_SAME_VERIFIER} only, else 0
 */
public record NewNode(
        FileKind kind,
        AttributeChange initial,
        DeviceNumber device,
        byte[] symlinkTarget,
        Existing existing,
        long verifier) {

    /** The effect of a creation if the name is taken. */
    public enum Existing {
        /** EXISTS. */
        REFUSE,
        /** A regular file is returned, truncated to {@code initial.size()} if that is set and permitted. */
        OPEN,
        /** A regular file that was created with the same verifier is returned, else EXISTS (RFC 1813 §3.3.8). */
        OPEN_IF_SAME_VERIFIER
    }

    /** A regular file that must not exist yet. */
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

    /** Any kind but a symlink or device. */
    public static NewNode of(FileKind kind, int mode) {
        return new NewNode(kind, AttributeChange.ofMode(mode), DeviceNumber.NONE, null, Existing.REFUSE, 0);
    }
}
