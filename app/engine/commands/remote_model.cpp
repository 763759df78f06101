// SPDX-License-Identifier: Apache-2.0
// generate --host, embed --host and inspect --host: the model stays where it is, text and numbers travel.
#include "app/engine/commands/remote_host.h"

#include "app/worker/inspect_output.h"
#include "app/worker/text_options.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/data/media/media_files.h"
#include "core/data/tokenizer/utf8_stream.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

namespace orrery::cli {

namespace {

using Json = nlohmann::ordered_json;
constexpr uint64_t kMaxEmbedBytes = 15u << 20; ///< of one text: a call takes 16 MiB
volatile std::sig_atomic_t g_interrupted = 0;

bool isGoingOn() { return g_interrupted == 0 && std::ferror(stdout) == 0; }

/// The same words that the worker of this machine is given, read by the same parser.
Result<void> parsePassed(CLI::App &parser, const std::vector<std::string> &passed)
{
    std::vector<std::string> backwards(passed.rbegin(), passed.rend()); // as CLI11 takes them
    try {
        parser.parse(backwards);
    } catch (const CLI::ExtrasError &error) {
        return Error{ErrorCode::InvalidInput, std::string("Cannot do it on another machine: ") + error.what() + ".",
                     "Files of memories and models stay on their machine: run the command there, or leave the option out."};
    } catch (const CLI::ParseError &error) {
        return Error{ErrorCode::InvalidInput, std::string("Cannot read the options: ") + error.what() + ".",
                     "--help shows their ranges."};
    }
    return {};
}

Result<void> readParts(const std::vector<std::string> &parts, GenerateRequest &request)
{
    for (size_t i = 0; i + 1 < parts.size(); i += 2) {
        if (parts[i] == "--prompt") {
            request.prompt += parts[i + 1];
            continue;
        }
        PromptMedia media;
        ORRERY_ASSIGN(media.bytes, readFile(parts[i + 1], MediaLimits{}.maxFileBytes));
        media.name = parts[i + 1];
        media.place = std::ssize(request.prompt);
        request.media.push_back(std::move(media));
    }
    return {};
}

void printTokenJson(const GeneratedToken &token)
{
    Json json = {{"id", token.id},
                 {"text", sanitizeUtf8(token.bytes)},
                 {"p", token.probability},
                 {"chance", token.chance},
                 {"entropy", token.entropy},
                 {"alternatives", Json::array()}};
    for (const TokenAlternative &one : token.alternatives)
        json["alternatives"].push_back({{"text", sanitizeUtf8(one.bytes)}, {"p", one.probability}, {"chance", one.chance}});
    std::printf("%s\n", json.dump().c_str());
}

void printDone(const Session &session, const GenerateSummary &summary, const std::string &text, const std::string &note)
{
    Json json = {{"event", "done"},
                 {"host", sanitizeUtf8(session.host)},
                 {"model", sanitizeUtf8(summary.model)},
                 {"step", summary.step},
                 {"reason", finishReasonName(summary.reason)},
                 {"prompt_tokens", summary.promptTokens},
                 {"generated_tokens", summary.generatedTokens},
                 {"prompt_seconds", summary.promptSeconds},
                 {"decode_seconds", summary.decodeSeconds},
                 {"text", sanitizeUtf8(text)}};
    if (!note.empty()) json["note"] = sanitizeUtf8(note);
    std::printf("%s\n", json.dump().c_str());
}

Result<FinishReason> generate(const Session &session, const std::string &model, const GenerateRequest &request)
{
    ORRERY_ASSIGN(const HostConnection remote, connectToRemote(session));
    std::string text, note;
    Utf8Stream characters;
    const auto show = [&](const std::vector<GeneratedToken> &tokens) {
        for (const GeneratedToken &token : tokens) {
            text += token.bytes;
            if (session.json) {
                printTokenJson(token);
                continue;
            }
            const std::string whole = characters.append(token.bytes);
            std::fwrite(whole.data(), 1, whole.size(), stdout);
        }
        std::fflush(stdout);
        return isGoingOn();
    };
    const auto remember = [&note](const ModelInfo &info) {
        note = info.note;
        return isGoingOn();
    };
    ORRERY_ASSIGN(const GenerateSummary summary, remote.client.generate(model, request, remember, show, {}, isGoingOn));
    if (session.json) {
        printDone(session, summary, text, note);
    } else {
        const std::string rest = characters.flush(); // an answer may end within a character
        std::printf("%s\n", rest.c_str());
    }
    return summary.reason;
}

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
    parser.add_option("--rows", look.rows);
    parser.add_option("--max-edge", look.request.maxEdge);
    parser.add_option("--token", look.request.token);
    parser.add_option("--alternatives", look.request.input.sampling.numAlternatives);
    parser.add_option("--ablate", look.ablated)->allow_extra_args(false);
    parser.add_flag("--lens", look.request.wantsLens);
    parser.add_flag("--attribution", look.request.wantsAttribution);
    parser.add_option("--out", look.out);
}

std::vector<int64_t> orAll(const std::vector<int64_t> &chosen, int64_t count)
{
    if (!chosen.empty()) return chosen;
    std::vector<int64_t> all;
    for (int64_t i = 0; i < count; ++i) all.push_back(i);
    return all;
}

using Asking = std::function<Result<InspectReport>(const InspectRequest &)>;

/// The host of another machine; of RUN@live here the worker that trains it. The connection lives as long as what is returned.
Result<Asking> askingOf(const Session &session, const std::string &model)
{
    if (!session.host.empty()) {
        ORRERY_ASSIGN(HostConnection connected, connectToRemote(session));
        const auto remote = std::make_shared<HostConnection>(std::move(connected));
        return Asking([remote, model](const InspectRequest &request) { return remote->client.inspect(model, request); });
    }
    ORRERY_ASSIGN(const std::filesystem::path path, session.catalogue.resolve(model.substr(0, model.rfind('@'))));
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::open(path));
    ORRERY_ASSIGN(EngineClient connected, connectToWorker(run));
    const auto worker = std::make_shared<EngineClient>(std::move(connected));
    return Asking([worker, id = run.frozen().id](const InspectRequest &request) { return worker->inspectLive(id, request); });
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
    ORRERY_ASSIGN(InspectReport report, ask(asked.request));
    report.overview.clear(); // summaries are of all heads; maps only of those asked for
    if (!asked.layers.empty() || !asked.heads.empty()) {
        InspectRequest maps{.input = asked.request.input, .wantsOverview = false};
        for (const int64_t layer : orAll(asked.layers, report.layers))
            for (const int64_t head : orAll(asked.heads, report.heads)) maps.heads.push_back({layer, head});
        maps.token = asked.request.token;
        maps.rows = asked.request.rows;
        maps.maxEdge = asked.request.maxEdge;
        ORRERY_ASSIGN(InspectReport more, ask(maps));
        report.maps = std::move(more.maps);
        report.seconds += more.seconds;
    }
    if (!asked.out.empty()) ORRERY_TRY(writeFileAtomically(asked.out, worker::inspectJson(report) + '\n'));
    return report;
}

struct EmbedTexts {
    std::vector<std::string> texts, files;
    std::string out;
};

Result<std::vector<EmbedSummary>> embedThere(const Session &session, const std::string &model, EmbedTexts &asked)
{
    if (!asked.out.empty() && !asked.out.ends_with(".json"))
        return Error{ErrorCode::InvalidInput,
                     "Cannot write embeddings to \"" + asked.out + "\" from another machine: expected an ending of .json.",
                     "Make an .npz on that machine, or of the .json here."};
    for (const std::string &file : asked.files) {
        ORRERY_ASSIGN(std::string text, readFile(file, kMaxEmbedBytes));
        asked.texts.push_back(std::move(text));
    }
    if (asked.texts.empty())
        return Error{ErrorCode::InvalidInput, "Cannot embed: there is no text, expected one or more.", "Give it with --text TEXT or --file PATH."};
    ORRERY_ASSIGN(const HostConnection remote, connectToRemote(session));
    std::vector<EmbedSummary> all;
    for (const std::string &text : asked.texts) {
        ORRERY_ASSIGN(EmbedSummary one, remote.client.embed(model, {text}));
        all.push_back(std::move(one));
    }
    return all;
}

std::string embeddingJson(const EmbedSummary &one)
{
    return Json{{"model", sanitizeUtf8(one.model)}, {"step", one.step}, {"mask", one.mask}, {"tokens", one.tokens}, {"embedding", one.embedding}}.dump();
}

} // namespace

int remoteEmbed(const Session &session, const std::string &model, const std::vector<std::string> &passed)
{
    EmbedTexts asked;
    CLI::App parser;
    parser.add_option("--text", asked.texts)->allow_extra_args(false);
    parser.add_option("--file", asked.files)->allow_extra_args(false);
    parser.add_option("--out", asked.out);
    if (const auto parsed = parsePassed(parser, passed); !parsed) return fail(session, parsed.error());
    const auto all = embedThere(session, model, asked);
    if (!all) return fail(session, all.error());
    std::string file;
    for (const EmbedSummary &one : *all) {
        file += (file.empty() ? "[" : ",\n ") + embeddingJson(one);
        if (session.json) std::printf("%s\n", embeddingJson(one).c_str());
        if (session.json || !asked.out.empty()) continue;
        std::string line;
        for (const float value : one.embedding) line += (line.empty() ? "" : " ") + formatSignificant(static_cast<double>(value), 7);
        std::printf("%s\n", line.c_str());
    }
    if (asked.out.empty()) return kExitOk;
    if (const auto written = writeFileAtomically(asked.out, file + "]\n"); !written) return fail(session, written.error());
    return kExitOk;
}

int remoteGenerate(const Session &session, const std::string &model, const std::vector<std::string> &parts,
                   const std::vector<std::string> &passed)
{
    GenerateRequest request;
    worker::TextOptions text;
    std::optional<std::string> infill;
    CLI::App parser;
    worker::addTextOptions(parser, text);
    worker::addSamplingOptions(parser, request.sampling);
    parser.add_option("--source", request.source);
    parser.add_option("--mask", request.mask);
    parser.add_option_function<std::string>("--infill", [&infill](const std::string &value) { infill = value; });
    if (const auto parsed = parsePassed(parser, passed); !parsed) return fail(session, parsed.error());
    if (const auto read = worker::readTextOptions(text, request); !read) return fail(session, read.error());
    if (const auto read = readParts(parts, request); !read) return fail(session, read.error());
    request.infill = infill;
    if (!session.json) request.sampling.numAlternatives = 0;
    std::signal(SIGINT, [](int) { g_interrupted = 1; });
    const auto reason = generate(session, model, request);
    if (!reason) return fail(session, reason.error());
    return *reason == FinishReason::Cancelled || g_interrupted ? kExitCancelled : kExitOk;
}

int remoteInspect(const Session &session, const std::string &model, const std::vector<std::string> &words,
                  const std::vector<std::string> &passed)
{
    if (words != std::vector<std::string>{"inspect", "attention"})
        return fail(session, Error{ErrorCode::InvalidInput,
                                   "Cannot do \"" + joinText(words, " ") + "\" on another machine: expected inspect attention.",
                                   "Run the command on that machine, or look in the window, which shows memories and tokens of a remote host, too."});
    Look asked;
    CLI::App parser;
    declareLook(parser, asked);
    if (const auto parsed = parsePassed(parser, passed); !parsed) return fail(session, parsed.error());
    const auto report = look(session, model, asked);
    if (!report) return fail(session, report.error());
    if (session.json)
        std::printf("%s\n", worker::inspectJson(*report).c_str());
    else if (asked.out.empty())
        for (const std::string &line : worker::inspectTable(*report)) std::printf("%s\n", line.c_str());
    return kExitOk;
}

} // namespace orrery::cli
