// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

/**
 * Runs calls, one method per procedure.
 *
 * @param <E> the exception with which a method fails if it does not return a failure
 */
public interface Nfs3Handler<E extends Exception> {
    Nfs3Result getAttr(Nfs3Call.GetAttr call) throws E;

    Nfs3Result setAttr(Nfs3Call.SetAttr call) throws E;

    Nfs3Result lookup(Nfs3Call.Lookup call) throws E;

    Nfs3Result access(Nfs3Call.Access call) throws E;

    Nfs3Result readLink(Nfs3Call.ReadLink call) throws E;

    Nfs3Result read(Nfs3Call.Read call) throws E;

    Nfs3Result write(Nfs3Call.Write call) throws E;

    Nfs3Result create(Nfs3Call.Create call) throws E;

    Nfs3Result makeDirectory(Nfs3Call.MkDir call) throws E;

    Nfs3Result symlink(Nfs3Call.Symlink call) throws E;

    Nfs3Result makeNode(Nfs3Call.MkNod call) throws E;

    Nfs3Result remove(Nfs3Call.Remove call) throws E;

    Nfs3Result removeDirectory(Nfs3Call.RmDir call) throws E;

    Nfs3Result rename(Nfs3Call.Rename call) throws E;

    Nfs3Result link(Nfs3Call.Link call) throws E;

    Nfs3Result readDir(Nfs3Call.ReadDir call) throws E;

    Nfs3Result readDirPlus(Nfs3Call.ReadDirPlus call) throws E;

    Nfs3Result fsStat(Nfs3Call.FsStat call) throws E;

    Nfs3Result fsInfo(Nfs3Call.FsInfo call) throws E;

    Nfs3Result pathConf(Nfs3Call.PathConf call) throws E;

    Nfs3Result commit(Nfs3Call.Commit call) throws E;
}
