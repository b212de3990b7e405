// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.metrics;

import java.util.List;
import java.util.Locale;

/**
 * Writes the text format of Prometheus, version 0.0.4. A metric begins with {@link #counter}, {@link #gauge} or {@link
 * #histogram}; its samples follow. Confined to one thread.
 */
public final class MetricsText {
    private final StringBuilder text = new StringBuilder(1 << 14);
    private String name = "";

    public MetricsText counter(String metric, String help) {
        return begin(metric, "counter", help);
    }

    public MetricsText gauge(String metric, String help) {
        return begin(metric, "gauge", help);
    }

    public MetricsText histogram(String metric, String help) {
        return begin(metric, "histogram", help);
    }

    private MetricsText begin(String metric, String type, String help) {
        name = metric;
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        return this;
    }

    public MetricsText sample(long value) {
        text.append(name).append(' ').append(value).append('\n');
        return this;
    }

    /** @param labels as {@code key="value"}, joined by commas; our own words, which need no escapes */
    public MetricsText sample(String labels, long value) {
        text.append(name).append('{').append(labels).append("} ").append(value).append('\n');
        return this;
    }

    /**
     * Writes all samples of one histogram.
     *
     * @param boundsSeconds upper bounds, ascending
     * @param counts samples, one number per bound and one beyond the last bound; not cumulative
     */
    public MetricsText samples(String labels, List<Double> boundsSeconds, List<Long> counts, long sumNanos) {
        long cumulative = 0;
        for (int i = 0; i < counts.size(); i++) {
            cumulative += counts.get(i);
            String bound = i < boundsSeconds.size() ? plain(boundsSeconds.get(i)) : "+Inf";
            text.append(name).append("_bucket{").append(labels).append(",le=\"");
            text.append(bound).append("\"} ").append(cumulative).append('\n');
        }
        text.append(name).append("_sum{").append(labels).append("} ");
        text.append(plain(sumNanos / 1e9)).append('\n');
        text.append(name).append("_count{").append(labels).append("} ");
        text.append(cumulative).append('\n');
        return this;
    }

    private static String plain(double seconds) {
        return String.format(Locale.ROOT, "%.9f", seconds).replaceAll("\\.?0+$", "");
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
