// SPDX-License-Identifier: Apache-2.0
#include "app/worker/commands.h"
#include "app/worker/inspect_options.h"
#include "app/worker/inspect_output.h"
#include "app/worker/memory_words.h"
#include "app/worker/option_checks.h"
#include "app/worker/process_setup.h"
#include "app/worker/stop_signals.h"
#include "core/base/exit_code.h"
#include "core/base/files.h"
#include "core/base/text.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <numeric>

namespace orrery::worker {

namespace {

/// Of the array in a file; on its way there it stands in memory three times.
constexpr uint64_t kMaxArrayBytes = uint64_t{1} << 30;
constexpr int64_t kTileEdge = 2048;                 ///< the largest map that is asked for at once
constexpr int64_t kTileWeights = int64_t{16} << 20; ///< of all heads of one look

/// "A:B", each of both may be left out.
Result<TokenRange> readRows(const std::string &text)
{
    TokenRange range;
    const size_t colon = text.find(':');
    const auto isRead = [](std::string_view part, int64_t &value) {
        if (part.empty()) return true;
        const auto read = std::from_chars(part.data(), part.data() + part.size(), value);
        return read.ec == std::errc{} && read.ptr == part.data() + part.size() && value >= 0;
    };
    if (text.empty()) return range;
    if (colon != std::string::npos && isRead(std::string_view(text).substr(0, colon), range.begin) &&
        isRead(std::string_view(text).substr(colon + 1), range.end))
        return range;
    return Error{ErrorCode::InvalidInput,
                 "Cannot look inside: the rows are \"" + sanitizeUtf8(text) +
                     "\", expected A:B, tokens A to B - 1.",
                 "Give --rows 10:20, 10: or :20."};
}

Result<void> readInput(const InspectOptions &options, InspectRequest &request)
{
    ORRERY_TRY(readTextOptions(options.text, request.input));
    for (const std::string &name : options.ablated) {
        HeadRef ref;
        if (!headFromName(name, ref))
            return Error{ErrorCode::InvalidInput,
                         "Cannot leave out the head \"" + sanitizeUtf8(name) + "\": expected LAYER.HEAD.",
                         "Give --ablate 2.0 for head 0 of layer 2."};
        request.ablated.push_back(ref);
    }
    ORRERY_ASSIGN(request.rows, readRows(options.rows));
    return {};
}

std::vector<int64_t> orAll(const std::vector<int64_t> &chosen, int64_t count)
{
    if (!chosen.empty()) return chosen;
    std::vector<int64_t> all(static_cast<size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

std::vector<HeadRef> pairsOf(const std::vector<int64_t> &layers, const std::vector<int64_t> &heads)
{
    std::vector<HeadRef> pairs;
    for (const int64_t layer : layers)
        for (const int64_t head : heads) pairs.push_back({layer, head});
    return pairs;
}

/// Tokens of the text that were read: all of them, or, of one that is longer than the context, what the model
/// had before it at the token that is looked at. @param report with its overview
TokenRange tokensRead(const InspectReport &report)
{
    if (report.overview.empty()) return {0, std::ssize(report.tokens)};
    const AttentionMap &map = report.overview.front();
    return {map.firstColumn, map.firstColumn + map.numColumns};
}

/// The weights themselves, piece by piece: a report has no room for all of them.
class ArrayReader {
public:
    ArrayReader(Generator &generator, const InspectRequest &request, const InspectReport &report,
                const TokenRange &read, const InspectOptions &options)
        : m_generator(generator), m_layers(report.layers), m_heads(report.heads), m_read(read),
          m_out(options.out)
    {
        m_request.input = request.input;
        m_request.input.sampling.numAlternatives = 0;
        m_request.wantsOverview = false;
        m_request.token = request.token; // the same part of the text
        m_request.rows = request.rows;
        m_request.maxEdge = kTileEdge;
        m_array.layers = orAll(options.layers, report.layers);
        m_array.heads = orAll(options.heads, report.heads);
        m_array.columns = read;
        m_array.rows = {request.rows.begin, request.rows.end == -1 ? read.end : request.rows.end};
        if (read.begin == 0 && read.end == std::ssize(report.tokens)) return;
        // Of a part, what is asked of it; the engine does the same.
        m_array.rows = {std::max(m_array.rows.begin, read.begin), std::min(m_array.rows.end, read.end)};
    }

    Result<AttentionArray> read()
    {
        m_request.heads = pairsOf(m_array.layers, m_array.heads);
        // The engine says what is wrong with rows and heads, before anything is large.
        if (!exists()) ORRERY_TRY(m_generator.inspect(m_request, stopSignals().flag()));
        ORRERY_TRY(checkRoom());
        const std::vector<HeadRef> all = m_request.heads;
        m_array.weights.resize(all.size() * static_cast<size_t>(numRows() * numColumns()));
        const int64_t rowStep = std::min(kTileEdge, numRows()),
                      columnStep = std::min(kTileEdge, numColumns());
        const int64_t headStep = std::max<int64_t>(1, kTileWeights / (rowStep * columnStep));
        for (int64_t first = 0; first < std::ssize(all); first += headStep)
            for (int64_t row = m_array.rows.begin; row < m_array.rows.end; row += rowStep)
                for (int64_t column = m_read.begin; column < m_read.end; column += columnStep) {
                    m_request.heads.assign(all.begin() + first,
                                           all.begin() + std::min(first + headStep, std::ssize(all)));
                    m_request.rows = {row, std::min(row + rowStep, m_array.rows.end)};
                    m_request.columns = {column, std::min(column + columnStep, m_read.end)};
                    ORRERY_TRY(readTile(first));
                }
        return std::move(m_array);
    }

private:
    [[nodiscard]] bool exists() const
    {
        const TokenRange &rows = m_array.rows;
        return rows.begin >= m_read.begin && rows.begin < rows.end && rows.end <= m_read.end &&
               std::all_of(m_request.heads.begin(), m_request.heads.end(), [this](const HeadRef &ref) {
                   return ref.layer >= 0 && ref.layer < m_layers && ref.head >= 0 && ref.head < m_heads;
               });
    }
    [[nodiscard]] int64_t numRows() const { return m_array.rows.end - m_array.rows.begin; }
    [[nodiscard]] int64_t numColumns() const { return m_read.end - m_read.begin; }

    [[nodiscard]] Result<void> checkRoom() const
    {
        const auto numBytes = static_cast<uint64_t>(m_request.heads.size()) *
                              static_cast<uint64_t>(numRows()) * static_cast<uint64_t>(numColumns()) *
                              sizeof(float);
        if (numBytes <= kMaxArrayBytes) return {};
        return Error{ErrorCode::InvalidInput,
                     "Cannot write the attention of " + std::to_string(m_request.heads.size()) +
                         " heads to \"" + m_out + "\": it has " + formatBytes(numBytes) +
                         ", expected at most " + formatBytes(kMaxArrayBytes) + ".",
                     "Choose layers with --layer, heads with --head, or tokens with --rows A:B."};
    }

    Result<void> readTile(int64_t firstHead)
    {
        ORRERY_ASSIGN(const InspectReport report, m_generator.inspect(m_request, stopSignals().flag()));
        for (size_t i = 0; i < report.maps.size(); ++i) {
            const AttentionMap &map = report.maps[i];
            const int64_t before = (firstHead + static_cast<int64_t>(i)) * numRows() - m_array.rows.begin;
            for (int64_t row = 0; row < map.numRows; ++row)
                std::copy_n(map.mean.begin() + row * map.numColumns, map.numColumns,
                            m_array.weights.begin() + (before + map.firstRow + row) * numColumns() +
                                map.firstColumn - m_read.begin);
        }
        return {};
    }

    Generator &m_generator;
    int64_t m_layers, m_heads; ///< that the model has
    TokenRange m_read;         ///< of the text; closed
    std::string m_out;
    InspectRequest m_request;
    AttentionArray m_array;
};

Result<InspectReport> inspectAttention(const InspectOptions &options, const InspectRequest &request)
{
    ORRERY_ASSIGN(const auto generator, loadModel(options.model));
    ORRERY_ASSIGN(InspectReport report, generator->inspect(request, stopSignals().flag()));
    const TokenRange read = tokensRead(report);
    report.overview.clear(); // summaries are of all heads; maps only of those asked for
    if (options.ending() == ".npz") {
        ORRERY_ASSIGN(const AttentionArray array,
                      ArrayReader(*generator, request, report, read, options).read());
        ORRERY_ASSIGN(const std::string bytes, inspectNpz(report, array));
        ORRERY_TRY(writeFileAtomically(options.out, bytes));
        return report;
    }
    if (options.wantsMaps()) {
        InspectRequest maps{.input = request.input, .wantsOverview = false};
        maps.heads = pairsOf(orAll(options.layers, report.layers), orAll(options.heads, report.heads));
        maps.token = request.token;
        maps.rows = request.rows;
        maps.maxEdge = request.maxEdge;
        ORRERY_ASSIGN(InspectReport more, generator->inspect(maps, stopSignals().flag()));
        report.maps = std::move(more.maps);
        report.seconds += more.seconds;
    }
    if (!options.out.empty()) ORRERY_TRY(writeFileAtomically(options.out, inspectJson(report) + '\n'));
    return report;
}

struct Shown {
    std::string json;
    std::vector<std::string> table;
};

Result<Shown> inspect(const InspectOptions &options)
{
    ORRERY_TRY(checkLookFile(options.what, options.out));
    InspectRequest request = options.request;
    ORRERY_TRY(readInput(options, request));
    if (options.what == "memory") {
        ORRERY_ASSIGN(const MemoryLook look, inspectMemory(options, std::move(request)));
        return Shown{memoryLookJson(look), memoryLookTable(look)};
    }
    ORRERY_ASSIGN(const InspectReport report, inspectAttention(options, request));
    return Shown{inspectJson(report), inspectTable(report)};
}

} // namespace

CommandBody declareInspect(CLI::App &command)
{
    auto options = std::make_shared<InspectOptions>();
    command.add_option("what", options->what, "What to look at")
        ->required()
        ->check(CLI::IsMember({"attention", "memory"}));
    addModelOptions(command, options->model);
    addTextOptions(command, options->text);
    command
        .add_option("--layer", options->layers, "Layer, from 0; may be given several times; not given: all")
        ->allow_extra_args(false);
    command.add_option("--head", options->heads, "Head, from 0; may be given several times; not given: all")
        ->allow_extra_args(false);
    command.add_option("--rows", options->rows, "A:B, tokens A to B - 1 that look; not given: all");
    command.add_option("--max-edge", options->request.maxEdge, "Cells of a map's side in JSON, 1 … 2048");
    command.add_option("--token", options->request.token,
                       "Behind which token candidates stand; -1: the last one");
    command.add_option("--alternatives", options->request.input.sampling.numAlternatives,
                       "Candidates, 0 … 50");
    command
        .add_option("--ablate", options->ablated, "Head to leave out, LAYER.HEAD; may be given several times")
        ->allow_extra_args(false);
    command.add_flag("--lens", options->request.wantsLens, "What the model would say at each layer");
    command.add_flag("--attribution", options->request.wantsAttribution,
                     "Gradient × input of each token for what was said next (at the end: what is likeliest)");
    command
        .add_option("--memory", options->memoryFile,
                    "memory: file to read behind; not given: what is saved with the model")
        ->check(namedFile("leave --memory out for what is saved with the model"));
    command
        .add_option("--edit", options->edits,
                    std::string("memory: what is done to it before the text is read again, ") +
                        kMemoryEditForms)
        ->allow_extra_args(false);
    command.add_option("--out", options->out, "File, .npz with each weight or .json, instead of printing");
    command.add_flag("--json", options->isJson, "One JSON object");
    return [options] {
        const auto shown = inspect(*options);
        if (!shown.ok())
            return reportError(shown.error(), options->isJson ? OutputForm::Json : OutputForm::Text);
        if (options->isJson)
            printLine(shown->json);
        else if (options->out.empty())
            for (const std::string &line : shown->table) printLine(line);
        return kExitOk;
    };
}

} // namespace orrery::worker
