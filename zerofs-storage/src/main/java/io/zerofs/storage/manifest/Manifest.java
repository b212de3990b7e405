// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.manifest;

import io.zerofs.storage.seal.Salt;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/**
 * One link of the chain of manifests: the writers, the files of the database, and the begin of the log. Immutable; the next
 * state is a new manifest with the next version.
 *
 * @param version 1 for the first; 0 means a volume without a manifest
 * @param salt the salt of the object
 * @param terms the epochs that recovery still needs, ascending; at most one open epoch serves
 */
public record Manifest(
        long version,
        Salt salt,
        Writer writer,
        List<WriterTerm> terms,
        CheckpointState checkpoint,
        List<Snapshot> snapshots,
        List<PendingDeletion> deletions) {
    /** Prefix of the names of all manifests. */
    public static final String PREFIX = "manifests/";

    private static final int DIGITS = 16;

    /** The state before the first manifest. */
    static final Manifest NONE = new Manifest(
            0, Salt.NONE, new Writer(0, new UUID(0, 0), "", 0), List.of(), CheckpointState.EMPTY, List.of(), List.of());

    /**
     * The writer that published the manifest.
     *
     * @param epoch the writer's term
     * @param id random, new at each open
     * @param description the writer's machine, for people
     * @param publishedAtMillis milliseconds since 1970 by the writer's clock, for people
     */
    public record Writer(long epoch, UUID id, String description, long publishedAtMillis) {
        Writer at(long millis) {
            return new Writer(epoch, id, description, millis);
        }
    }

    public Manifest {
        terms = List.copyOf(terms);
        snapshots = List.copyOf(snapshots);
        deletions = List.copyOf(deletions);
    }

    public static String objectName(long version) {
        return PREFIX + String.format(Locale.ROOT, "%016x", version);
    }

    /** Returns the version in an object name; -1 if it is no name of a manifest. */
    public static long versionOf(String objectName) {
        if (!objectName.startsWith(PREFIX) || objectName.length() != PREFIX.length() + DIGITS) {
            return -1;
        }
        try {
            long version = Long.parseLong(objectName.substring(PREFIX.length()), 16);
            return version >= 1 && objectName(version).equals(objectName) ? version : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    public String objectName() {
        return objectName(version);
    }

    public long epoch() {
        return writer.epoch();
    }

    /** Returns the next link with the same content, which the {@code with} methods replace. */
    public Manifest successor(Salt newSalt, Writer newWriter) {
        return new Manifest(version + 1, newSalt, newWriter, terms, checkpoint, snapshots, deletions);
    }

    public Manifest withTerms(List<WriterTerm> newTerms) {
        return new Manifest(version, salt, writer, newTerms, checkpoint, snapshots, deletions);
    }

    public Manifest withCheckpoint(CheckpointState newCheckpoint) {
        return new Manifest(version, salt, writer, terms, newCheckpoint, snapshots, deletions);
    }

    public Manifest withSnapshots(List<Snapshot> newSnapshots) {
        return new Manifest(version, salt, writer, terms, checkpoint, newSnapshots, deletions);
    }

    public Manifest withDeletions(List<PendingDeletion> newDeletions) {
        return new Manifest(version, salt, writer, terms, checkpoint, snapshots, newDeletions);
    }
}
