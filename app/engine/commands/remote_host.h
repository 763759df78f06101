// SPDX-License-Identifier: Apache-2.0
// --host: the commands that can speak to the host of another machine, and what they do there. Main thread only.
#pragma once

#include "app/engine/commands/command.h"

#ifdef ORRERY_HAS_RPC
#include "core/rpc/connections.h"
#include "core/rpc/host_connection.h"
#include "core/rpc/values.h"
#include "core/store/run_directory.h"
#endif

namespace orrery::cli {

struct TrainArguments;  // spec_arguments.h
struct BranchArguments;

/// Adds --host (ORRERY_HOST); nothing in a build without gRPC.
void addHostOption(CLI::App *command, Session &session);
/// finish() for a command that works on files of this machine: with --host it says so, and with ORRERY_HOST it says where it works.
/// @param nextStep how the same is done there
void finishHere(CLI::App *command, Session &session, const std::string &nextStep, std::function<int()> action);
/// Options that mean something on this machine only. @error InvalidInput naming the first that was given
Result<void> refuseThere(const CLI::App &command, const Session &session, const std::vector<std::string> &options, const std::string &hint);

#ifdef ORRERY_HAS_RPC
/// The worker that trains a run of this machine. @error Conflict (nobody trains it), Unavailable (it starts up)
Result<EngineClient> connectToWorker(const RunDirectory &run);

/// ORRERY_TOKEN, once: it is taken out of the environment, so that no program that is started here has it.
const std::string &tokenOfEnvironment();
/// The host that --host names, asked for its protocol; what there is to say of it goes to stderr.
/// @error as ConnectionBook::resolve and connectOrStartHost
Result<HostConnection> connectToRemote(const Session &session);

int remoteList(const Session &session, bool isAll, const std::vector<std::string> &tags);
int remoteShow(const Session &session, const std::string &run);
int remoteDelete(const Session &session, const std::string &run);
int remoteRestore(const Session &session, const std::string &id);
/// Starts or resumes it there, in the background. @param steps new total, 0: the one it has
int remoteResume(const Session &session, const std::string &run, int64_t steps);
int remoteWatch(const Session &session, const std::string &run);
/// A new run there, of data there, which trains in the background.
int remoteTrain(const Session &session, const TrainArguments &arguments);
int remoteBranch(const Session &session, const BranchArguments &arguments);

/// TensorBoard's files of that machine into its runs, and its runs as such files.
int remoteImport(const Session &session, const std::string &directory);
int remoteExportEvents(const Session &session, const std::string &run, const std::string &directory);
int remoteExportModel(const Session &session, const ModelExportRequest &request);
int remoteDescribe(const Session &session, const DataRequest &request);

/// Options that the worker of this machine would be given, read by the same words. @error InvalidInput: one that means
/// something on its own machine alone, or is malformed
Result<void> parseThere(CLI::App &parser, const std::vector<std::string> &passed);
/// Where what is saved with a model stands there: in the run's folder, or in that of the model.
/// @param action "list", for errors @error InvalidInput: neither a run nor an absolute path
Result<std::string> ownMemoryFile(const Session &session, const EngineClient &host, const std::string &model, const std::string &action);
/// @param path of a memory file; empty: none @error InvalidInput: it is no absolute one
Result<void> checkMemoryThere(const Session &session, const std::string &model, const std::string &action, const std::string &path);

/// A prompt in its pieces, and the options that the worker would be given. @param parts "--prompt", text, "--image", file …
int remoteGenerate(const Session &session, const std::string &model, const std::vector<std::string> &parts,
                   const std::vector<std::string> &passed);
int remoteEmbed(const Session &session, const std::string &model, const std::vector<std::string> &passed);
/// @param action "list" … as `memory` calls it @param file of import and export: a path there
/// @param passed the options that the worker would be given
int remoteMemory(const Session &session, const std::string &action, const std::string &model, const std::string &file,
                 const std::vector<std::string> &passed);
/// A new model there, of what a model remembers. @param passed as above
int remoteConsolidate(const Session &session, const std::string &model, const std::vector<std::string> &passed);
/// Of a host, or of RUN@live of this machine, which its worker answers.
/// @param words what the worker would be told: "inspect" "attention", "inspect" "memory" or "tokens"
int remoteInspect(const Session &session, const std::string &model, const std::vector<std::string> &words,
                  const std::vector<std::string> &passed);
#endif

} // namespace orrery::cli
