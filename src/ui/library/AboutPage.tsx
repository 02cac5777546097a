// Explains what the lab is, what it promises about a person's text, and whose work it includes.

export function AboutPage() {
  return (
    <div className="prose">
      <h1>About BioNER Lab</h1>
      <p>
        BioNER Lab is a training lab in a browser tab. It fine-tunes taggers for biomedical named entity recognition,
        XLNet, BERT and their relatives with a CRF, on this machine: with WebGPU where available, otherwise with
        WebAssembly. It follows Chai, Jin, Shi and others, “Hierarchical shared transfer learning for biomedical named
        entity recognition”, <cite>BMC Bioinformatics</cite> (2022) 23:8, and compares its training methods: each task
        alone (STL), all tasks of a category together (MTL-XC), and each task alone on lower layers taken from MTL-XC
        (MTL-LS).
      </p>
      <h2>Your text stays here</h2>
      <p>
        Corpora, models and runs are stored in this browser, and only this page reads them. There is no account, no
        tracking, and no request to any host except the one that serves this page; only when you request them are public
        corpora read from GitHub, and models from Hugging Face or a mirror of your choice. The page’s security policy
        blocks connections to any other host. Only what you export leaves the tab: a plan or result file contains
        settings, counts, scores and fingerprints, never a sentence.
      </p>
      <h2>Help and documentation</h2>
      <p>
        Press <kbd>?</kbd> on any page for what it is for, its keys and a glossary. The{' '}
        <a href="./docs/index.html" target="_blank" rel="noreferrer">
          documentation
        </a>{' '}
        comes with the lab and opens without a network, too. It says{' '}
        <a href="./docs/cite.html" target="_blank" rel="noreferrer">
          how to cite
        </a>{' '}
        the lab and the paper.
      </p>
      <h2>Licences and attribution</h2>
      <p>BioNER Lab is free software under the Apache License 2.0.</p>
      <p>
        The built-in model, xlnet-bio-tiny, is a small XLNet (4 layers, width 128, 1.9 million parameters) pretrained by
        permutation language modelling on the training sentences of the public corpora collected by Crichton and others,
        “A neural network multi-task learning approach to biomedical named entity recognition”,{' '}
        <cite>BMC Bioinformatics</cite> (2017) 18:368, which are available under CC BY 4.0. It has seen no devel or test
        sentences. The shipped tagger, xlnet-bio-tiny-four-types, was trained from it on NCBI-disease, BC5CDR, BC2GM and
        LINNAEUS of that collection, and is available under CC BY 4.0, too. The sample corpora are synthetic: their
        sentences were generated for this lab and state no facts.
      </p>
      <p>
        Made with TensorFlow.js, React, Base UI, TanStack Table, Recharts, Zod, hyparquet, saxes, fflate, idb-keyval and
        noble-hashes, under the Apache, MIT or ISC licences:{' '}
        <a href="./THIRD_PARTY.md" target="_blank" rel="noreferrer">
          all packages and their terms
        </a>
        .
      </p>
    </div>
  );
}
