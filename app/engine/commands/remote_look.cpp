// SPDX-License-Identifier: Apache-2.0
// inspect --host, and inspect attention RUN@live of this machine: who has the model answers, and what comes is shown and
// written here.
#include "app/engine/commands/remote_host.h"

#include "app/worker/inspect_output.h"
#include "app/worker/memory_look.h"
#include "app/worker/option_checks.h"
#include "app/worker/text_options.h"
#include "app/worker/token_output.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/rpc/protocol_version.h"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>

namespace orrery::cli {

namespace {

constexpr int64_t kLeastOverviewEdge = 8; ///< cells, that can be asked for

/// "2.0" … and "A:B" as the worker reads them.
Result<void> readLook(const std::vector<std::string> &ablated, const std::string &rows, InspectRequest &request)
{
    for (const std::string &name : ablated) {
        HeadRef ref;
        if (!headFromName(name, ref))
            return Error{ErrorCode::InvalidInput,
                         "Cannot leave out the head \"" + sanitizeUtf8(name) + "\": expected LAYER.HEAD.",
                         "Give --ablate 2.0 for head 0 of layer 2."};
        request.ablated.push_back(ref);
    }
    if (rows.empty()) return {};
    const size_t colon = rows.find(':');
    const auto isRead = [](const std::string &part, int64_t &value) {
        if (part.empty()) return true;
        const auto read = std::from_chars(part.data(), part.data() + part.size(), value);
        return read.ec == std::errc{} && read.ptr == part.data() + part.size() && value >= 0;
    };
    if (colon == std::string::npos || !isRead(rows.substr(0, colon), request.rows.begin) || !isRead(rows.substr(colon + 1), request.rows.end))
        return Error{ErrorCode::InvalidInput,
                     "Cannot look inside: the rows are \"" + sanitizeUtf8(rows) + "\", expected A:B, tokens A to B - 1.",
                     "Give --rows 10:20, 10: or :20."};
    return {};
}

struct Look {
    worker::TextOptions text;
    std::vector<int64_t> layers, heads;
    std::vector<std::string> ablated;
    std::string rows, out;
    InspectRequest request;
};

void declareLook(CLI::App &parser, Look &look)
{
    worker::addTextOptions(parser, look.text);
    parser.add_option("--layer", look.layers)->allow_extra_args(false);
    parser.add_option("--head", look.heads)->allow_extra_args(false);
    parser.add_option("--token", look.request.token);
    parser.add_option("--alternatives", look.request.input.sampling.numAlternatives);
    parser.add_option("--ablate", look.ablated)->allow_extra_args(false);
    parser.add_option("--out", look.out);
}

std::vector<int64_t> orAll(const std::vector<int64_t> &chosen, int64_t count)
{
    if (!chosen.empty()) return chosen;
    std::vector<int64_t> all;
    for (int64_t i = 0; i < count; ++i) all.push_back(i);
    return all;
}

/// What is printed of an answer stands in it: it comes from another program, which may be another version.
Result<InspectReport> checked(const Session &session, Result<InspectReport> answer)
{
    if (!answer) return answer;
    const auto numTokens = std::ssize(answer->tokens);
    const auto numChanged = std::ssize(answer->changed), numShares = std::ssize(answer->attribution);
    std::string fault;
    if (answer->token < 0 || answer->token >= numTokens)
        fault = "it is about token " + std::to_string(answer->token) + " of " + std::to_string(numTokens) + ", expected one of them";
    else if (numChanged > 0 && numChanged < std::ssize(answer->candidates))
        fault = std::to_string(numChanged) + " candidates are compared with " + std::to_string(answer->candidates.size()) +
                ", expected that many at least";
    else if (numShares > 0 && numShares != numTokens)
        fault = std::to_string(numShares) + " tokens of " + std::to_string(numTokens) + " have a share, expected all of them";
    if (fault.empty()) return answer;
    return Error{ErrorCode::Io,
                 "Cannot read the answer of \"" + (session.host.empty() ? answer->model : sanitizeUtf8(session.host)) + "\": " + fault + ".",
                 "Update the older of the two programs; connections test shows what the host is."};
}

using Asking = std::function<Result<InspectReport>(const InspectRequest &)>;

/// The host of another machine; of RUN@live here the worker that trains it. The connection lives as long as what is returned.
Result<Asking> askingOf(const Session &session, const std::string &model)
{
    if (!session.host.empty()) {
        ORRERY_ASSIGN(HostConnection connected, connectToRemote(session));
        const auto remote = std::make_shared<HostConnection>(std::move(connected));
        return Asking([&session, remote, model](const InspectRequest &request) {
            return checked(session, remote->client.inspect(model, request));
        });
    }
    ORRERY_ASSIGN(const std::filesystem::path path, session.catalogue.resolve(model.substr(0, model.rfind('@'))));
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::open(path));
    ORRERY_ASSIGN(EngineClient connected, connectToWorker(run));
    const auto worker = std::make_shared<EngineClient>(std::move(connected));
    return Asking([&session, worker, id = run.frozen().id](const InspectRequest &request) {
        return checked(session, worker->inspectLive(id, request));
    });
}

/// Those that --layer and --head mean; where one of them is not given, a look says how many the model has.
Result<std::vector<HeadRef>> headsOf(const Look &asked, const Asking &ask)
{
    int64_t numLayers = 0, numHeads = 0;
    if (asked.layers.empty() || asked.heads.empty()) {
        ORRERY_ASSIGN(const InspectReport counted, ask({.input = asked.request.input, .wantsOverview = false}));
        numLayers = counted.layers;
        numHeads = counted.heads;
    }
    std::vector<HeadRef> heads;
    for (const int64_t layer : orAll(asked.layers, numLayers))
        for (const int64_t head : orAll(asked.heads, numHeads)) heads.push_back({layer, head});
    return heads;
}

Result<InspectReport> look(const Session &session, const std::string &model, Look &asked)
{
    ORRERY_TRY(worker::readTextOptions(asked.text, asked.request.input));
    ORRERY_TRY(readLook(asked.ablated, asked.rows, asked.request));
    if (!asked.out.empty() && !asked.out.ends_with(".json"))
        return Error{ErrorCode::InvalidInput,
                     "Cannot write attention to \"" + asked.out + "\" from another machine: expected an ending of .json.",
                     "An .npz has each weight of each head: make it on that machine."};
    ORRERY_ASSIGN(const Asking ask, askingOf(session, model));
    // All of the answer comes of one look: while a run trains, or another step of it becomes the latest, the next look is at
    // other weights.
    if (!asked.layers.empty() || !asked.heads.empty()) {
        ORRERY_ASSIGN(asked.request.heads, headsOf(asked, ask));
    }
    asked.request.overviewEdge = kLeastOverviewEdge; // summaries are of all heads; maps only of those asked for
    ORRERY_ASSIGN(InspectReport report, ask(asked.request));
    report.overview.clear();
    if (!asked.out.empty()) ORRERY_TRY(writeFileAtomically(asked.out, worker::inspectJson(report) + '\n'));
    return report;
}

/// What is remembered in the file that is named, or in the one that is saved with the model. The worker that others talk with
/// keeps what its texts begin with.
/// @param file in: empty, the model's own; out: empty, it was never saved and nothing is remembered
Result<MemoryReport> memoryThere(const Session &session, const EngineClient &host, const std::string &model, std::string &file)
{
    const bool isNamed = !file.empty();
    if (!isNamed) {
        ORRERY_ASSIGN(file, ownMemoryFile(session, host, model, "look behind"));
    }
    auto listed = host.editMemory(model, {.verb = MemoryVerb::List, .source = {}, .path = {}, .file = file});
    if (listed || isNamed || listed.error().code != ErrorCode::NotFound) return listed;
    file.clear();
    ORRERY_ASSIGN(const MemoryReport present, host.editMemory(model, {})); // or it has no memory at all
    MemoryReport none;
    none.status.capacity = present.status.capacity;
    return none;
}

struct MemoryQuestion {
    Look look;
    std::string file;
    std::vector<std::string> edits;
};

Result<worker::MemoryLook> lookAtMemory(const Session &session, const std::string &model, MemoryQuestion &asked)
{
    InspectRequest &request = asked.look.request;
    ORRERY_TRY(worker::checkLookFile("memory", asked.look.out));
    ORRERY_TRY(worker::readTextOptions(asked.look.text, request.input));
    ORRERY_TRY(readLook(asked.look.ablated, {}, request));
    ORRERY_ASSIGN(request.memoryEdits, worker::memoryEditsFromTexts(asked.edits));
    ORRERY_TRY(checkMemoryThere(session, model, "look behind", asked.file));
    request.withMemory = true;
    request.wantsOverview = false;
    request.wantsUses = true;
    ORRERY_ASSIGN(const HostConnection remote, connectToRemote(session));
    // An older one would have to load it for all who talk with the model.
    ORRERY_TRY(checkProtocolMinor(remote.host, kLookFilesMinor, sanitizeUtf8(session.host), "Cannot look behind the memory of \"" + sanitizeUtf8(model) + '"'));
    worker::MemoryLook found{.memory = {}, .file = asked.file, .edits = asked.edits, .isAblated = !request.ablated.empty(), .look = {}};
    std::string file = asked.file;
    ORRERY_ASSIGN(found.memory, memoryThere(session, remote.client, model, file));
    request.memoryEdits.insert(request.memoryEdits.begin(), MemoryEdit{.verb = MemoryVerb::Load, .source = {}, .path = file});
    ORRERY_ASSIGN(found.look, checked(session, remote.client.inspect(model, request)));
    ORRERY_TRY(worker::chooseReads(found.look, asked.look.layers, asked.look.heads));
    if (!asked.look.out.empty()) ORRERY_TRY(worker::writeMemoryLook(found, asked.look.out));
    return found;
}

/// @param isInFile it is not printed for people, too
template <typename Answer>
void show(const Session &session, const Answer &answer, std::string (*json)(const Answer &), std::vector<std::string> (*table)(const Answer &),
          bool isInFile)
{
    if (session.json)
        std::printf("%s\n", json(answer).c_str());
    else if (!isInFile)
        for (const std::string &line : table(answer)) std::printf("%s\n", line.c_str());
}

int inspectAttention(const Session &session, const std::string &model, const std::vector<std::string> &passed)
{
    Look asked;
    CLI::App parser;
    declareLook(parser, asked);
    parser.add_option("--rows", asked.rows);
    parser.add_option("--max-edge", asked.request.maxEdge);
    parser.add_flag("--lens", asked.request.wantsLens);
    parser.add_flag("--attribution", asked.request.wantsAttribution);
    if (const auto parsed = parseThere(parser, passed); !parsed) return fail(session, parsed.error());
    const auto report = look(session, model, asked);
    if (!report) return fail(session, report.error());
    show(session, *report, worker::inspectJson, worker::inspectTable, !asked.out.empty());
    return kExitOk;
}

int inspectMemory(const Session &session, const std::string &model, const std::vector<std::string> &passed)
{
    MemoryQuestion asked;
    CLI::App parser;
    declareLook(parser, asked.look);
    parser.add_option("--memory", asked.file)
        ->check(worker::namedFile("leave --memory out for what is saved with the model"));
    parser.add_option("--edit", asked.edits)->allow_extra_args(false);
    if (const auto parsed = parseThere(parser, passed); !parsed) return fail(session, parsed.error());
    const auto found = lookAtMemory(session, model, asked);
    if (!found) return fail(session, found.error());
    show(session, *found, worker::memoryLookJson, worker::memoryLookTable, !asked.look.out.empty());
    return kExitOk;
}

int inspectTokens(const Session &session, const std::string &model, const std::vector<std::string> &passed)
{
    std::string text, file;
    CLI::App parser;
    const auto *prompt = parser.add_option("--prompt", text);
    parser.add_option("--prompt-file", file);
    if (const auto parsed = parseThere(parser, passed); !parsed) return fail(session, parsed.error());
    const auto pieces = [&]() -> Result<std::vector<TokenPiece>> {
        if (prompt->count() == 0 && file.empty())
            return Error{ErrorCode::InvalidInput, "Cannot show tokens: there is no text, expected one.",
                         "Give it with --prompt TEXT or --prompt-file FILE."};
        if (!file.empty()) {
            ORRERY_ASSIGN(text,
                          worker::readTextFile(file, worker::kMaxPromptBytes, worker::TextFileUse::TextOnly));
        }
        ORRERY_ASSIGN(const HostConnection remote, connectToRemote(session));
        return remote.client.tokenize(model, text);
    }();
    if (!pieces) return fail(session, pieces.error());
    show(session, *pieces, worker::tokensJson, worker::tokensTable, false);
    return kExitOk;
}

} // namespace

int remoteInspect(const Session &session, const std::string &model, const std::vector<std::string> &words,
                  const std::vector<std::string> &passed)
{
    if (words.back() == "tokens") return inspectTokens(session, model, passed);
    return words.back() == "memory" ? inspectMemory(session, model, passed) : inspectAttention(session, model, passed);
}

} // namespace orrery::cli
