// SPDX-License-Identifier: Apache-2.0
// Axes of the arrays: S steps, H heads of a frame, R = C cells a side.
#include "app/engine/commands/remote_host.h"
#include "app/engine/commands/inspect_frames.h"

#include "core/base/files.h"
#include "core/base/text.h"
#include "core/store/attention_frame_codec.h"
#include "core/store/run_directory.h"
#include "core/store/run_store.h"
#include "core/tensorfile/npz_writer.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

namespace orrery::cli {

namespace {

constexpr uint64_t kMaxArrayBytes = uint64_t{1} << 30; ///< of the weights; on its way there it stands in memory twice

struct FramesArguments {
    std::string run;
    int32_t prompt = -1; ///< -1: the validation text, of a run on pictures document 0
    bool isStarred = false;
    int64_t from = 0, to = -1, every = 1;
    std::string out;
};

/// What is there to be written, and what of it does not fit to the newest.
struct Frames {
    int32_t prompt = 0;
    std::vector<FrameInfo> infos;       ///< by step
    std::vector<AttentionFrame> frames; ///< of the same text and heads
    size_t numOthers = 0;
};

/// Who has the frames: the run's directory, or the host of another machine.
struct FrameSource {
    int32_t numPrompts = 0; ///< that the run was made with: the number of its validation text
    std::function<Result<std::vector<FrameInfo>>(const FrameQuery &)> list;
    std::function<Result<AttentionFrame>(int64_t)> read;
};

Result<FrameSource> sourceHere(const Session &session, const std::string &run)
{
    ORRERY_ASSIGN(const std::filesystem::path path, session.catalogue.resolve(run));
    ORRERY_ASSIGN(const RunDirectory directory, RunDirectory::open(path));
    ORRERY_ASSIGN(auto opened, RunReader::open(path));
    const std::shared_ptr<RunReader> reader = std::move(opened);
    FrameSource source;
    source.numPrompts = static_cast<int32_t>(directory.frozen().spec.probes.prompts.size());
    source.list = [reader](const FrameQuery &query) { return reader->frames(query); };
    source.read = [reader](int64_t id) -> Result<AttentionFrame> {
        ORRERY_ASSIGN(const std::string bytes, reader->frameBytes(id));
        return unpackFrame(bytes);
    };
    return source;
}

#ifdef ORRERY_HAS_RPC
/// @param frozen the run's spec.json
int32_t numPromptsOf(const std::string &frozen)
{
    const nlohmann::json json = nlohmann::json::parse(frozen, nullptr, false);
    const auto at = nlohmann::json::json_pointer("/spec/probes/prompts");
    const bool isThere = !json.is_discarded() && json.contains(at) && json[at].is_array();
    return static_cast<int32_t>(isThere ? json[at].size() : ProbesSpec{}.prompts.size());
}

Result<FrameSource> sourceThere(const Session &session, const std::string &run)
{
    ORRERY_ASSIGN(HostConnection connected, connectToRemote(session));
    const auto remote = std::make_shared<HostConnection>(std::move(connected));
    ORRERY_ASSIGN(const RunStatus status, remote->client.status(run));
    ORRERY_ASSIGN(const std::string frozen, remote->client.specJson(status.id));
    FrameSource source;
    source.numPrompts = numPromptsOf(frozen);
    source.list = [remote, id = status.id](const FrameQuery &query) { return remote->client.listFrames(id, query); };
    source.read = [remote, run = status.id](int64_t id) { return remote->client.frame(run, id); };
    return source;
}
#endif

Result<FrameSource> sourceOf(const Session &session, const std::string &run)
{
#ifdef ORRERY_HAS_RPC
    if (!session.host.empty()) return sourceThere(session, run);
#endif
    return sourceHere(session, run);
}

std::string quotedRun(const std::string &run) { return "\"" + sanitizeUtf8(run) + "\""; }

Result<std::vector<FrameInfo>> framesOf(const FrameSource &source, const FramesArguments &arguments, int32_t prompt)
{
    ORRERY_ASSIGN(std::vector<FrameInfo> infos,
                  source.list({.kind = arguments.isStarred ? FrameKind::Heads : FrameKind::Overview, .prompt = prompt}));
    std::erase_if(infos, [](const FrameInfo &info) { return info.isSuperseded; });
    std::stable_sort(infos.begin(), infos.end(),
                     [](const FrameInfo &one, const FrameInfo &other) { return one.step < other.step; });
    return infos;
}

/// The kept steps of the chosen text, and which text that is.
Result<Frames> findFrames(const FramesArguments &arguments, const FrameSource &source)
{
    Frames found;
    found.prompt = arguments.prompt >= 0 ? arguments.prompt : source.numPrompts;
    ORRERY_ASSIGN(found.infos, framesOf(source, arguments, found.prompt));
    if (found.infos.empty() && arguments.prompt < 0 && found.prompt > 0) {
        found.prompt = 0;
        ORRERY_ASSIGN(found.infos, framesOf(source, arguments, 0));
    }
    if (found.infos.empty())
        return Error{ErrorCode::NotFound,
                     "Cannot show frames of run " + quotedRun(arguments.run) + ": it has kept none " +
                         (arguments.isStarred ? "of starred heads " : "") + "of text " + std::to_string(found.prompt) +
                         ", expected at least one.",
                     "A run keeps them while it trains: probes.frames_every above 0, and heads in probes.starred for --starred."};
    const auto isOutside = [&arguments](const FrameInfo &info) {
        return info.step < arguments.from || (arguments.to >= 0 && info.step > arguments.to);
    };
    const int64_t first = found.infos.front().step, last = found.infos.back().step;
    std::erase_if(found.infos, isOutside);
    if (found.infos.empty())
        return Error{ErrorCode::NotFound,
                     "Cannot show frames of run " + quotedRun(arguments.run) + ": none is of the steps " +
                         std::to_string(arguments.from) + " to " +
                         (arguments.to >= 0 ? std::to_string(arguments.to) : std::string("the last")) +
                         ", expected steps from " + std::to_string(first) + " to " + std::to_string(last) + ".",
                     "Choose others with --from and --to."};
    std::vector<FrameInfo> some;
    for (size_t i = 0; i < found.infos.size(); ++i) // the newest is among them
        if ((found.infos.size() - 1 - i) % static_cast<size_t>(arguments.every) == 0) some.push_back(found.infos[i]);
    found.infos = std::move(some);
    return found;
}

bool isAlike(const AttentionFrame &one, const AttentionFrame &other)
{
    return one.heads == other.heads && one.tokensPerCell == other.tokensPerCell && one.mean.size() == other.mean.size() &&
           std::equal(one.tokens.begin(), one.tokens.end(), other.tokens.begin(), other.tokens.end(),
                      [](const InspectedToken &a, const InspectedToken &b) {
                          return a.id == b.id && a.bytes == b.bytes && a.modality == b.modality;
                      });
}

/// Those that fit to the newest one: the same heads of the same text.
Result<void> readFrames(const FramesArguments &arguments, const FrameSource &source, Frames &found)
{
    ORRERY_ASSIGN(const AttentionFrame newest, source.read(found.infos.back().id));
    const uint64_t numBytes = found.infos.size() * newest.mean.size() * sizeof(float);
    if (numBytes > kMaxArrayBytes)
        return Error{ErrorCode::InvalidInput,
                     "Cannot write " + std::to_string(found.infos.size()) + " frames of run " + quotedRun(arguments.run) +
                         " to \"" + arguments.out + "\": their weights have " + formatBytes(numBytes) +
                         ", expected at most " + formatBytes(kMaxArrayBytes) + ".",
                     "Choose steps with --from and --to, or every tenth with --every 10."};
    std::vector<FrameInfo> alike;
    for (const FrameInfo &info : found.infos) {
        Result<AttentionFrame> frame = source.read(info.id);
        // A training that goes on may have thinned it out meanwhile.
        if (!frame && frame.error().code == ErrorCode::NotFound) continue;
        if (!frame) return frame.error();
        if (!isAlike(*frame, newest)) {
            ++found.numOthers;
            continue;
        }
        alike.push_back(info);
        found.frames.push_back(std::move(*frame));
    }
    found.infos = std::move(alike);
    return {};
}

std::vector<float> weightsOf(const std::vector<AttentionFrame> &frames, std::vector<uint8_t> AttentionFrame::*bytes)
{
    std::array<float, 256> weightOf;
    for (size_t i = 0; i < weightOf.size(); ++i) weightOf[i] = frameWeight(static_cast<uint8_t>(i));
    std::vector<float> weights;
    weights.reserve(frames.size() * (frames.front().*bytes).size());
    for (const AttentionFrame &frame : frames)
        for (const uint8_t byte : frame.*bytes) weights.push_back(weightOf[byte]);
    return weights;
}

void addSummaries(const std::vector<AttentionFrame> &frames, NpzWriter &npz)
{
    const size_t numSteps = frames.size(), numHeads = frames.front().heads.size();
    const std::array<std::pair<const char *, double HeadSummary::*>, 4> columns = {
        std::pair("entropy", &HeadSummary::entropy), {"distance", &HeadSummary::distance},
        {"first_mass", &HeadSummary::firstMass}, {"self_mass", &HeadSummary::selfMass}};
    for (const auto &[name, member] : columns) {
        std::vector<float> values;
        for (const AttentionFrame &frame : frames)
            for (size_t head = 0; head < numHeads; ++head)
                values.push_back(head < frame.summaries.size() ? static_cast<float>(frame.summaries[head].*member) : 0.0F);
        npz.add(name, values, {numSteps, numHeads});
    }
}

Result<std::string> framesNpz(const Frames &found)
{
    const AttentionFrame &newest = found.frames.back();
    const size_t numSteps = found.frames.size(), numHeads = newest.heads.size();
    const auto edge = static_cast<size_t>(newest.edge());
    std::vector<int64_t> steps, layers, heads, ids;
    std::vector<std::string> texts;
    for (const FrameInfo &info : found.infos) steps.push_back(info.step);
    for (const HeadRef &head : newest.heads) {
        layers.push_back(head.layer);
        heads.push_back(head.head);
    }
    for (const InspectedToken &token : newest.tokens) {
        ids.push_back(token.id);
        texts.push_back(token.modality == Modality::Text    ? token.bytes
                        : token.modality == Modality::Image ? "<image " + std::to_string(token.item) + " " + std::to_string(token.place) + ">"
                                                            : "<audio " + std::to_string(token.item) + " " + std::to_string(token.place) + ">");
    }
    NpzWriter npz;
    npz.add("steps", steps, {numSteps});
    npz.add("layers", layers, {numHeads});
    npz.add("heads", heads, {numHeads});
    npz.add("attention", weightsOf(found.frames, &AttentionFrame::mean), {numSteps, numHeads, edge, edge});
    if (std::all_of(found.frames.begin(), found.frames.end(),
                    [&newest](const AttentionFrame &frame) { return frame.maximum.size() == newest.mean.size(); }))
        npz.add("maximum", weightsOf(found.frames, &AttentionFrame::maximum), {numSteps, numHeads, edge, edge});
    addSummaries(found.frames, npz);
    npz.addTexts("tokens", texts);
    npz.add("token_ids", ids, {ids.size()});
    npz.add("tokens_per_cell", std::vector<int64_t>{newest.tokensPerCell}, {});
    return npz.bytes();
}

std::string notesOf(const Frames &found)
{
    return found.numOthers == 0 ? std::string()
                                : std::to_string(found.numOthers) +
                                      " frames of other heads or of another text than the newest were left out.";
}

int showFrames(const Session &session, const FramesArguments &arguments)
{
    const auto shown = [&]() -> Result<Frames> {
        if (!arguments.out.empty() && std::filesystem::path(arguments.out).extension() != ".npz")
            return Error{ErrorCode::InvalidInput,
                         "Cannot write frames to \"" + sanitizeUtf8(arguments.out) + "\": its ending is \"" +
                             std::filesystem::path(arguments.out).extension().string() + "\", expected .npz.",
                         "Name the file *.npz for numpy; --json lists them."};
        ORRERY_ASSIGN(const FrameSource source, sourceOf(session, arguments.run));
        ORRERY_ASSIGN(Frames found, findFrames(arguments, source));
        if (arguments.out.empty()) return found;
        ORRERY_TRY(readFrames(arguments, source, found));
        ORRERY_ASSIGN(const std::string bytes, framesNpz(found));
        ORRERY_TRY(writeFileAtomically(arguments.out, bytes));
        return found;
    }();
    if (!shown) return fail(session, shown.error());
    const std::string note = notesOf(*shown);
    if (session.json) {
        nlohmann::ordered_json json = {{"prompt", shown->prompt}, {"frames", nlohmann::ordered_json::array()}};
        for (const FrameInfo &info : shown->infos)
            json["frames"].push_back({{"id", info.id}, {"step", info.step}, {"bytes", info.numBytes}});
        if (!note.empty()) json["note"] = note;
        std::printf("%s\n", json.dump().c_str());
        return kExitOk;
    }
    if (!note.empty()) std::fprintf(stderr, "%s\n", note.c_str());
    if (arguments.out.empty()) {
        std::printf("Text %d: %zu kept step%s\n", shown->prompt, shown->infos.size(), shown->infos.size() == 1 ? "" : "s");
        for (const FrameInfo &info : shown->infos)
            std::printf("step %lld  %s\n", static_cast<long long>(info.step), formatBytes(info.numBytes).c_str());
    }
    return kExitOk;
}

} // namespace

void addInspectFrames(CLI::App *inspect, Session &session)
{
    static FramesArguments arguments;
    auto *frames = inspect->add_subcommand("frames", "What the heads looked at in each kept step of a training");
    frames->add_option("run", arguments.run, "Id, unique prefix, name or path of a run")->required();
    frames
        ->add_option("--prompt", arguments.prompt,
                     "Number of the probe prompt; not given: the start of the validation text (of a run on pictures, document 0)")
        ->check(CLI::NonNegativeNumber);
    frames->add_flag("--starred", arguments.isStarred, "The starred heads, with more cells, instead of all");
    frames->add_option("--from", arguments.from, "First step")->check(CLI::NonNegativeNumber);
    frames->add_option("--to", arguments.to, "Last step; not given: the newest")->check(CLI::NonNegativeNumber);
    frames->add_option("--every", arguments.every, "Each n-th of these only, counted from the newest")->check(CLI::PositiveNumber);
    frames->add_option("--out", arguments.out, "File .npz: attention [steps, heads, rows, columns], summaries, tokens");
    addHostOption(frames, session);
    finish(frames, session, [&session] { return showFrames(session, arguments); });
}

} // namespace orrery::cli
