// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures and recordings in the text that the attention panel shows: by the files of a selected text, of a document
// of the run by what its samples show of it.
#include "widgets/attention/attention_panel.h"

#include "core/spec/kept_prompt.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/media_patches.h"
#include "widgets/attention/modality_flow.h"
#include "widgets/attention/starred_heads.h"
#include "widgets/attention/token_strip.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"

#include <algorithm>

namespace orrery::ui {

/// The number of the document that is shown; nothing: it is another text, or has no pictures and recordings.
std::optional<int> AttentionPanel::picturedDocument() const
{
    const SnapshotPtr now = snapshot();
    if (!now || modalitiesOf(now->report.tokens) == std::vector{Modality::Text}) return std::nullopt;
    if (m_selectedText) return keptPromptNumber(*m_selectedText);
    return m_asked ? keptPromptNumber(m_askedRequest.input) : std::optional<int>(m_feed->prompt());
}

SampleMediaPtr AttentionPanel::shownSample(const SnapshotPtr &now) const
{
    const std::optional<int> document = now ? picturedDocument() : std::nullopt;
    return document ? m_documents.find(*document) : nullptr;
}

/// Made once for a text: another head of it has the same tokens.
void AttentionPanel::refreshThumbnails(const SnapshotPtr &now)
{
    const SampleMediaPtr sample = shownSample(now);
    const bool hasSource = m_selectedText || sample;
    if (m_selectedText == m_thumbnailsOf && sample == m_thumbnailsBy &&
        (!hasSource || m_thumbnails.size() == now->report.tokens.size()))
        return;
    m_thumbnailsOf = m_selectedText;
    m_thumbnailsBy = sample;
    m_thumbnails.clear();
    if (sample)
        m_thumbnails = mediaThumbnails(*sample, now->report.tokens);
    else if (m_selectedText)
        m_thumbnails = mediaThumbnails(*m_selectedText, now->report.tokens);
}

QString AttentionPanel::mediaReason(bool hasPictures, bool hasRecordings) const
{
    const QString what = hasPictures && hasRecordings ? tr("pictures and recordings")
                         : hasPictures                ? tr("pictures")
                                                      : tr("recordings");
    if (m_stars->hasFailed()) // it reads the events of the run
        return tr("The %1 of this document could not be read: they are read again when the engine is found again, "
                  "or the panel is opened anew.")
            .arg(what);
    if (!m_stars->isKnown()) return tr("Reading the %1 of this document…").arg(what);
    if (!m_hasSamplePrompts || m_sampleEvery == 0)
        return tr("The %1 of this document are seen in the samples of the run, and it draws none (%2).")
            .arg(what, m_hasSamplePrompts ? tr("probes.every is 0") : tr("probes.prompts is empty"));
    if (!isLiveState(m_status.state))
        return tr("The %1 of this document are seen in the samples of the run, and it ended before it drew one.")
            .arg(what);
    return m_sampleEvery > 0
               ? tr("The %1 of this document are seen from the run's first sample on, at step %2 (probes.every).")
                     .arg(what, integerText(m_sampleEvery))
               : tr("The %1 of this document are seen from the run's first sample on (probes.every).").arg(what);
}

/// Where what is seen of recordings comes from.
QString AttentionPanel::mediaSource(int document, const SampleMedia &sample) const
{
    const QString step = integerText(m_documents.stepOf(document));
    const bool hasSpectrogram = std::any_of(sample.spectrograms.begin(), sample.spectrograms.end(),
                                            [](const QImage &one) { return !one.isNull(); });
    return hasSpectrogram
               ? tr("Spectrograms of recordings are those of the run's samples (32 mel bands up to 4 kHz), here of step %1.")
                     .arg(step)
               : tr("Of recordings the loudness is seen: the run's samples, here of step %1, hold no more.").arg(step);
}

/// Why names stand where pictures would, and what stands for recordings.
void AttentionPanel::refreshMediaNote(const SnapshotPtr &now)
{
    const std::optional<int> document = picturedDocument();
    QString reason;
    if (document) {
        const std::vector<Modality> present = modalitiesOf(now->report.tokens);
        const auto has = [&present](Modality one) { return std::ranges::find(present, one) != present.end(); };
        const SampleMediaPtr sample = m_documents.find(*document);
        if (!sample)
            reason = mediaReason(has(Modality::Image), has(Modality::Audio));
        else if (has(Modality::Audio))
            reason = mediaSource(*document, *sample);
    }
    if (reason.isEmpty()) reason = cutNote(now);
    m_mediaNote->setFullText(reason);
    m_mediaNote->setVisible(!reason.isEmpty());
}

} // namespace orrery::ui
