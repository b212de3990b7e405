// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.checkpoint.CheckpointSettings;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.index.RocksTuning;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.PassphraseKdf;

/**
 * Settings of an opening and of the running volume.
 *
 * @param compression compression of data written from now on
 * @param kdf key derivation of a new volume's key slot
 * @param requestsMax requests to the store at a time, 4 to 1024
 * @param createVolume whether to make a new volume in an empty store; otherwise that is an error
 * @param acceptUnconditionalWrites whether to accept a store without conditional writes: there two daemons at a time destroy
 *     each other's data without notice
 */
public record OpenSettings(
        EngineSettings engine,
        RocksTuning index,
        CheckpointSettings checkpoints,
        Compression compression,
        PassphraseKdf kdf,
        int requestsMax,
        boolean createVolume,
        boolean acceptUnconditionalWrites) {
    public static final OpenSettings DEFAULT = new OpenSettings(
            EngineSettings.DEFAULT,
            RocksTuning.DEFAULT,
            CheckpointSettings.DEFAULT,
            Compression.LZ4,
            PassphraseKdf.DEFAULT,
            64,
            true,
            false);

    public OpenSettings {
        if (requestsMax < 4 || requestsMax > 1024) {
            throw new IllegalArgumentException("requests at a time must be 4 to 1024");
        }
    }

    public OpenSettings with(EngineSettings other) {
        return new OpenSettings(
                other, index, checkpoints, compression, kdf, requestsMax, createVolume, acceptUnconditionalWrites);
    }

    public OpenSettings with(RocksTuning other) {
        return new OpenSettings(
                engine, other, checkpoints, compression, kdf, requestsMax, createVolume, acceptUnconditionalWrites);
    }

    public OpenSettings with(CheckpointSettings other) {
        return new OpenSettings(
                engine, index, other, compression, kdf, requestsMax, createVolume, acceptUnconditionalWrites);
    }

    public OpenSettings with(Compression other) {
        return new OpenSettings(
                engine, index, checkpoints, other, kdf, requestsMax, createVolume, acceptUnconditionalWrites);
    }

    public OpenSettings with(PassphraseKdf other) {
        return new OpenSettings(
                engine, index, checkpoints, compression, other, requestsMax, createVolume, acceptUnconditionalWrites);
    }

    public OpenSettings withRequestsMax(int other) {
        return new OpenSettings(
                engine, index, checkpoints, compression, kdf, other, createVolume, acceptUnconditionalWrites);
    }

    public OpenSettings acceptingUnconditionalWrites(boolean accept) {
        return new OpenSettings(engine, index, checkpoints, compression, kdf, requestsMax, createVolume, accept);
    }

    /** Returns settings that create a missing volume, but never one that this machine has opened at the same place before. */
    public OpenSettings creatingVolume(boolean create) {
        return new OpenSettings(
                engine, index, checkpoints, compression, kdf, requestsMax, create, acceptUnconditionalWrites);
    }
}
