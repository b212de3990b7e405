// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

/** Is told how far an open has come. Called from several threads; must be quick. */
public interface OpenProgress {
    /** Tells nobody. */
    OpenProgress SILENT = new OpenProgress() {
        @Override
        public void advanced(Step step, long done, long total) {}

        @Override
        public void warned(String message) {}
    };

    /** What is being done, in this order; the comment says what is counted. */
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

    /** So much of a step is done. */
    void advanced(Step step, long done, long total);

    /** Something that a person should know and that does not prevent the open. */
    void warned(String message);
}
