// SPDX-License-Identifier: Apache-2.0
#include "core/data/corpus_reader.h"

#include "core/base/text.h"
#include "core/data/chat_format.h"
#include "core/data/corpus_errors.h"
#include "core/data/jsonl_record.h"
#include "core/data/line_reader.h"
#include "core/data/tokenizer/bpe_trainer.h"

namespace orrery {

namespace {

class CorpusReader {
public:
    CorpusReader(const CorpusListing &listing, const ReadOptions &options, DocumentSink &sink)
        : m_listing(listing), m_options(options), m_sink(sink)
    {
    }

    Result<void> run()
    {
        for (size_t i = 0; i < m_listing.files.size(); ++i) {
            const CorpusFile &file = m_listing.files[i];
            Sha256 hash;
            ORRERY_ASSIGN(ChunkReader chunks,
                          ChunkReader::open(file.path, [&](std::string_view chunk) -> Result<void> {
                              hash.update(chunk.data(), chunk.size());
                              return m_options.onBytes ? m_options.onBytes(chunk.size()) : Result<void>();
                          }));
            const Result<void> read = isJsonl(m_listing.description.format)
                                          ? readJsonl(file, std::move(chunks))
                                          : readText(std::move(chunks));
            if (!read) return read.error();
            if (i < m_options.fileDigests.size() && hash.hex() != m_options.fileDigests[i])
                return Error{ErrorCode::Conflict,
                             "Cannot read data \"" + file.path.string() +
                                 "\": the file changed while it was read, expected data at rest.",
                             "Prepare the data again when nothing writes to them."};
        }
        return {};
    }

private:
    bool closesDocuments() const
    {
        return m_options.tokenizer->specialId(SpecialToken::EndOfText).has_value() &&
               m_listing.description.format != CorpusFormat::Text;
    }

    Result<void> append(SpecialToken special, uint8_t mask)
    {
        const int32_t id = m_options.tokenizer->specialId(special).value();
        return m_sink.append(std::span(&id, 1), mask);
    }

    Result<void> appendText(std::string_view text, uint8_t mask)
    {
        m_ids.clear();
        ORRERY_TRY(m_options.tokenizer->encode(text, m_ids));
        m_sink.beginText(text.size());
        return m_sink.append(m_ids, mask);
    }

    Result<void> endDocument(uint8_t mask)
    {
        if (closesDocuments()) ORRERY_TRY(append(SpecialToken::EndOfText, mask));
        return m_sink.endDocument();
    }

    Result<void> readText(ChunkReader chunks)
    {
        ORRERY_TRY(m_sink.beginDocument());
        std::string pending;
        while (true) {
            ORRERY_ASSIGN(const std::string_view chunk, chunks.next());
            if (chunk.empty()) break;
            if (m_options.tokenizer->isByteWise()) {
                ORRERY_TRY(appendText(chunk, 1));
                continue;
            }
            // Words do not cross line ends: what is behind the last one waits for the rest of its line.
            pending += chunk;
            size_t cut = tok::safeCut(pending);
            if (cut == 0 && pending.size() > tok::kMostPiece) cut = pending.size() - incompleteUtf8Tail(pending);
            ORRERY_TRY(appendText(std::string_view(pending).substr(0, cut), 1));
            pending.erase(0, cut);
        }
        if (!pending.empty()) ORRERY_TRY(appendText(pending, 1));
        return endDocument(1);
    }

    Result<void> readJsonl(const CorpusFile &file, ChunkReader chunks)
    {
        LineReader lines(std::move(chunks), m_options.limits.maxLineBytes);
        while (true) {
            ORRERY_ASSIGN(const std::optional<std::string_view> line, lines.next());
            if (!line) return {};
            if (auto broken = parseJsonlRecord(*line, m_options.tokenizer->vocabSize(), m_record))
                return dataLineError(file.path, lines.lineNumber(), *broken);
            if (m_record.format != m_listing.description.format)
                return dataLineError(
                    file.path, lines.lineNumber(),
                    {std::string("the record is of kind ") + corpusFormatName(m_record.format),
                     std::string(corpusFormatName(m_listing.description.format)) + " as the first record"},
                    "Use one kind of record in all of the data.");
            if (m_record.format == CorpusFormat::JsonlMessages && !hasRoleTokens(*m_options.tokenizer))
                return dataLineError(
                    file.path, lines.lineNumber(),
                    {"messages need role tokens, and data.special_tokens is none or the tokenizer has none",
                     "default, with the tokenizer bytes or bpe"},
                    "Set data.special_tokens to default, or use records with \"text\".");
            ORRERY_TRY(m_sink.beginDocument());
            ORRERY_TRY(appendRecord());
            // A text's end is worth learning; a conversation or a masked list says itself what carries loss.
            const bool isMasked =
                m_record.format == CorpusFormat::JsonlMessages || !m_record.lossMask.empty();
            ORRERY_TRY(endDocument(isMasked ? 0 : 1));
        }
    }

    Result<void> appendRecord()
    {
        if (m_record.format == CorpusFormat::JsonlText) return appendText(m_record.text, 1);
        if (m_record.format == CorpusFormat::JsonlTokens) {
            if (m_record.lossMask.empty()) return m_sink.append(m_record.tokens, uint8_t(1));
            return m_sink.append(m_record.tokens, m_record.lossMask);
        }
        for (const JsonlMessage &message : m_record.messages) {
            const uint8_t mask = message.role == "assistant" ? 1 : 0;
            ORRERY_TRY(append(roleToken(message.role).value(), 0));
            ORRERY_TRY(appendText(message.content, mask));
            ORRERY_TRY(append(SpecialToken::EndOfTurn, mask));
        }
        return {};
    }

    const CorpusListing &m_listing;
    const ReadOptions &m_options;
    DocumentSink &m_sink;
    JsonlRecord m_record;
    std::vector<int32_t> m_ids;
};

} // namespace

Result<void> readDocuments(const CorpusListing &listing, const ReadOptions &options, DocumentSink &sink)
{
    return CorpusReader(listing, options, sink).run();
}

} // namespace orrery
