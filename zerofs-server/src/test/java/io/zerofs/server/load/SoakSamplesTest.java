// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.load.SoakSamples.Size;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The verdict of a soak, from samples of an hour. */
final class SoakSamplesTest {
    private static final int SECONDS = 3600;

    @TempDir
    Path directory;

    private List<String> verdict(double perSecond, int restart) throws Exception {
        SoakSamples samples = new SoakSamples(directory, SECONDS);
        for (int second = 0; second < SECONDS; second += 10) {
            double[] sizes = new double[Size.values().length];
            Arrays.fill(sizes, 100 + 10 * (second / 10 % 3));
            sizes[Size.RESIDENT_MIB.ordinal()] += second * perSecond;
            samples.add(second, second < restart ? 1 : 2, sizes);
        }
        return samples.verdict();
    }

    @Test
    void sizesThatComeAndGoAreNoGrowth() throws Exception {
        assertEquals(List.of(), verdict(0, 300));
    }

    @Test
    void theSizeThatGrowsIsNamed() throws Exception {
        List<String> grown = verdict(0.05, 300);
        assertEquals(1, grown.size(), grown::toString);
        assertTrue(grown.get(0).startsWith("resident_mib grew from "), grown::toString);
    }

    @Test
    void aDaemonThatBeganLaterProvesNothing() throws Exception {
        assertEquals(List.of("no daemon served from the second quarter to the end"), verdict(0, 1000));
    }

    @Test
    void thePictureHasACurveForEachSize() throws Exception {
        verdict(0, 300);
        Path picture = directory.resolve("soak.svg");
        SoakPicture.main(new String[] {directory.resolve("soak.tsv").toString(), picture.toString()});
        assertEquals(Size.values().length + 1, Files.readString(picture).split("<polyline").length);
    }
}
