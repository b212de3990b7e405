// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.core.vfs.VirtualFileSystem;
import java.util.UUID;

/** The volume as NFS shows it: what all connections share. Thread-safe. */
final class Nfs3Export {
    private final VirtualFileSystem files;
    private final Durability durability;
    private final FileHandles handles;
    private final Nfs3Attributes attributes;

    Nfs3Export(VirtualFileSystem files, Durability durability) {
        UUID volume = files.volumeId();
        this.files = files;
        this.durability = durability;
        this.handles = new FileHandles(volume);
        this.attributes = new Nfs3Attributes(volume.getMostSignificantBits() ^ volume.getLeastSignificantBits());
    }

    VirtualFileSystem files() {
        return files;
    }

    Durability durability() {
        return durability;
    }

    FileHandles handles() {
        return handles;
    }

    Nfs3Attributes attributes() {
        return attributes;
    }

    /** The verifier of unstable writes: different for every start, so that clients send again what a crash lost. */
    long writeVerifier() {
        return files.incarnation();
    }
}
