// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

/** Receives the progress of an opening. Several threads call it; must be quick. */
public interface OpenProgress {
    /** Ignores the progress. */
    OpenProgress SILENT = new OpenProgress() {
        @Override
        public void advanced(Step step, long done, long total) {}

        @Override
        public void warned(String message) {}
    };

    /** The steps in order. The comment of each names the counted units. */
    enum Step {
        /** Objects. */
        READING_VOLUME,
        /** Nothing. */
        DERIVING_KEY,
        /** Manifests. */
        CLAIMING,
        /** Objects in the log of one writer. */
        FENCING,
        /** Bytes. */
        BUILDING_DATABASE,
        /** Commits. */
        REPLAYING
    }

    /** Receives the progress of a step. */
    void advanced(Step step, long done, long total);

    /** Receives a warning for a person that does not prevent the opening. */
    void warned(String message);
}
