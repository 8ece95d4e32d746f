"""LangChain's and LlamaIndex's classes, unmodified, on pith_compressor; run by
tests/check-python.sh."""
import importlib.metadata
import unittest

import pith_compressor

pith_compressor.as_llmlingua()

from langchain_community.document_compressors import LLMLinguaCompressor
from langchain_core.documents import Document
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.postprocessor.longllmlingua import LongLLMLinguaPostprocessor

QUESTION = "When was the boiler serviced?"
TEXTS = [
    "The garden was planted with roses in April. The neighbours came to see "
    "it, and all of them liked the white ones best of all.",
    "The boiler was serviced in March 2024 by Harbour Heating. The engineer "
    "changed two valves and wrote a report of three pages.",
    "The lift was out of order for nine days in June. The landlord paid for a "
    "hotel, since one of the tenants cannot climb stairs."]


class Frameworks(unittest.TestCase):
    def test_langchain(self):
        compressor = LLMLinguaCompressor(model_name="default",
                                         device_map="cpu", target_token=60)
        documents = [Document(page_content=text, metadata={"id": i})
                     for i, text in enumerate(TEXTS)]
        shorter = compressor.compress_documents(documents, QUESTION)
        self.assertGreater(len(shorter), 0)
        for document in shorter:
            original = TEXTS[document.metadata["id"]]
            self.assertLessEqual(len(document.page_content), len(original))
            self.assertNotIn("<#ref", document.page_content)
        self.assertLess(sum(len(d.page_content) for d in shorter),
                        sum(map(len, TEXTS)))
        print("langchain-community",
              importlib.metadata.version("langchain-community"),
              [d.page_content for d in shorter])

    def test_llama_index(self):
        processor = LongLLMLinguaPostprocessor(
            model_name="default", device_map="cpu", target_token=60)
        nodes = [NodeWithScore(node=TextNode(text=text + "\n\n"))
                 for text in TEXTS]
        shorter = processor.postprocess_nodes(
            nodes, query_bundle=QueryBundle(query_str=QUESTION))
        self.assertGreater(len(shorter), 0)
        text = "".join(node.node.get_content() for node in shorter)
        self.assertTrue(0 < len(text) < sum(map(len, TEXTS)))
        print("llama-index-postprocessor-longllmlingua",
              importlib.metadata.version(
                  "llama-index-postprocessor-longllmlingua"), repr(text))


if __name__ == "__main__":
    unittest.main(verbosity=1)
