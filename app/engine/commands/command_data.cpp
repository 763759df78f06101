// SPDX-License-Identifier: Apache-2.0
#include "app/engine/commands/command.h"
#include "app/engine/commands/prepare_for_run.h"
#include "app/engine/commands/remote_host.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/data/data_paths.h"
#include "core/data/describe.h"
#include "core/data/example.h"
#include "core/data/media/detect.h"
#include "core/data/token_shards.h"
#include "core/data/world/shapes_export.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace orrery::cli {

namespace {

struct DataArguments {
    DataSpec data;
    int64_t context = 128;
    uint64_t seed = 1337;
    std::string exportFolder;
    MediaSpec media;
};

std::string documentCount(uint64_t count) { return std::to_string(count) + " documents"; }

Result<void> exportGenerated(const OpenedMultiModal &opened, const std::string &folder)
{
    const auto *shapes = dynamic_cast<const ShapesSource *>(opened.source.get());
    if (!shapes)
        return Error{ErrorCode::InvalidInput,
                     "Cannot export \"" + opened.source->name() +
                         "\": it is no generator, expected gen:shapes.",
                     "Leave out --export."};
    return exportShapes(*shapes, folder, progressLine("writing", documentCount), &interrupted());
}

int describeMultiModal(const Session &session, const DataArguments &arguments, bool describe)
{
    OpenMultiModalOptions options;
    options.data = arguments.data;
    options.frontEnd = frontEndOf(arguments.media);
    options.seed = arguments.seed;
    options.cacheDirectory = userCacheDir() / "shards";
    options.progress = progressLine("reading", formatBytes);
    options.cancel = &interrupted();
    const auto opened = openMultiModal(options);
    if (!opened) return fail(session, opened.error());
    if (!arguments.exportFolder.empty())
        if (const auto exported = exportGenerated(*opened, arguments.exportFolder); !exported)
            return fail(session, exported.error());
    const bool showsFolder = !describe && !opened->folder.empty();
    if (session.json) {
        auto object = nlohmann::json::parse(describeMultiModalJson(opened->description, arguments.context));
        if (showsFolder) object["shards"] = opened->folder.string();
        if (!arguments.exportFolder.empty()) object["exported"] = arguments.exportFolder;
        std::printf("%s\n", object.dump().c_str());
        return kExitOk;
    }
    std::printf("%s", describeMultiModalText(opened->description, arguments.context).c_str());
    if (showsFolder) std::printf("shards      %s\n", opened->folder.c_str());
    if (!arguments.exportFolder.empty()) std::printf("exported to %s\n", arguments.exportFolder.c_str());
    return kExitOk;
}

int describeMedia(const Session &session, const DataArguments &arguments)
{
    const auto report = describeMediaFile(arguments.data.path, frontEndOf(arguments.media));
    if (!report) return fail(session, report.error());
    std::printf("%s%s", session.json ? report->json.c_str() : report->text.c_str(), session.json ? "\n" : "");
    if (report->isKnown) return kExitOk;
    // The report says more than an error could; scripts go by the exit code, and with --json there is one object.
    const Error error{ErrorCode::InvalidInput,
                      "Cannot read \"" + arguments.data.path + "\" as data: its format is unknown, expected text, PNG, "
                      "JPEG, WAV or FLAC.",
                      "Convert it, or choose another file."};
    if (session.json) return exitCodeFor(error.code);
    return fail(session, error);
}

int prepare(const Session &session, const DataArguments &arguments, bool describe)
{
    catchInterrupt();
    const DataPathKind kind = dataPathKind(arguments.data.path);
    if (kind == DataPathKind::Generator || kind == DataPathKind::Manifest)
        return describeMultiModal(session, arguments, describe);
    if (!arguments.exportFolder.empty())
        return fail(session, Error{ErrorCode::InvalidInput,
                                   "Cannot export \"" + arguments.data.path +
                                       "\": it is no generator, expected gen:shapes.",
                                   "Leave out --export."});
    if (kind == DataPathKind::Media && describe) return describeMedia(session, arguments);
    DataSpec data = arguments.data;
    if (data.path == "example") {
        auto example = makeExampleData(userDataDir(), orrerySourcesAbove(programDir()));
        if (!example) return fail(session, example.error());
        data.path = example->string();
    }
    auto shards = prepareData(data, arguments.context, arguments.seed, userCacheDir() / "shards",
                              progressLine("reading", formatBytes), &interrupted());
    if (!shards) return fail(session, shards.error());
    const CorpusDescription &description = shards->description();
    if (session.json) {
        auto object = nlohmann::json::parse(describeDataJson(description));
        if (!describe) object["shards"] = shards->folder().string();
        std::printf("%s\n", object.dump().c_str());
    } else {
        std::printf("%s", describeDataText(description).c_str());
        if (!describe) std::printf("shards        %s\n", shards->folder().c_str());
    }
    return kExitOk;
}

#ifdef ORRERY_HAS_RPC
DataRequest requestOf(const DataArguments &arguments)
{
    DataRequest request;
    request.path = arguments.data.path;
    request.tokenizer = arguments.data.tokenizer;
    request.specialTokens = arguments.data.specialTokens;
    request.valFraction = arguments.data.valFraction;
    request.context = arguments.context;
    request.seed = static_cast<int64_t>(arguments.seed);
    request.imageSize = arguments.media.imageSize;
    request.patchSize = arguments.media.patchSize;
    return request;
}
#endif

void addOptions(CLI::App *command, DataArguments &arguments)
{
    command
        ->add_option("path", arguments.data.path,
                     "File, folder, manifest, \"example\" or gen:shapes?key=value&…")
        ->required();
    command->add_option("--val-fraction", arguments.data.valFraction, "Share kept for validation")
        ->capture_default_str();
    command->add_option("--context", arguments.context, "Context length in tokens that the split allows for")
        ->capture_default_str();
    command->add_option("--seed", arguments.seed, "Seed of the split")->capture_default_str();
    command->add_option("--image-size", arguments.media.imageSize, "Side of pictures, as media.image_size")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    command
        ->add_option("--patch-size", arguments.media.patchSize, "Side of their patches, as media.patch_size")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command->add_option("--special-tokens", arguments.data.specialTokens, "default or none")
        ->capture_default_str();
    command->add_option("--tokenizer", arguments.data.tokenizer, "bytes, bpe or the path of a tokenizer.json")
        ->capture_default_str();
    command->add_option("--vocab-size", arguments.data.vocabSize, "As data.vocab_size")->capture_default_str();
}

} // namespace

void addData(CLI::App &app, Session &session)
{
    auto *command = app.add_subcommand("data", "Look at data and prepare it for training");
    command->require_subcommand(1);
    static DataArguments arguments;
    auto *describeCommand = command->add_subcommand(
        "describe", "Format, documents, tokens, splits and what was skipped; of a single picture, recording "
                    "or unknown file what it is, by its content");
    addOptions(describeCommand, arguments);
    describeCommand->add_option(
        "--export", arguments.exportFolder,
        "Write what a generator makes as pictures, recordings and manifests into this folder");
    addHostOption(describeCommand, session);
    finish(describeCommand, session, [&session, describeCommand] {
#ifdef ORRERY_HAS_RPC
        if (!session.host.empty()) {
            if (const auto refused = refuseThere(*describeCommand, session, {"--export", "--vocab-size"}, "Run the command on that machine.");
                !refused)
                return fail(session, refused.error());
            return remoteDescribe(session, requestOf(arguments));
        }
#endif
        return prepare(session, arguments, true);
    });
    auto *prepareCommand =
        command->add_subcommand("prepare", "Tokenize now, so that training starts at once");
    addOptions(prepareCommand, arguments);
    finishHere(prepareCommand, session, "data describe PATH --host prepares data there, too; or run the command on that machine.", [&session] { return prepare(session, arguments, false); });
    addDetector(*command, session);
    addTokenizer(*command, session);
}

} // namespace orrery::cli
