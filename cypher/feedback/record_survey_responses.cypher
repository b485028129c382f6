// record_survey_responses($rows) -> write
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
CREATE (i)-[:ANSWERED]->(:SurveyResponse:TimelineEntry:Event {
  id: row.id, key: row.key, body_hash: row.body_hash, at: datetime(row.at), kind: 'SURVEY_RESPONSE', channel: row.channel,
  timeline_key: row.timeline_key, kind_key: row.kind_key, survey: row.survey, survey_kind: row.survey_kind, score: row.score,
  comment: row.comment})
